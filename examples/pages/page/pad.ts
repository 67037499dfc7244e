// A place to draw a digit, with a finger, a mouse or the keyboard. It becomes an image of the size that the model takes.
import { PIXELS, SIDE } from '../digits.ts';
import { find } from './words.ts';

/** Of the pen, in pixels of the model. Digits of the data set are about as thick. */
const PEN = 1.1;

interface Point {
  readonly x: number;
  readonly y: number;
}

export class Pad {
  readonly #canvas = find(HTMLCanvasElement, '#pad');
  /** In pixels of the model, from 0 to 1. */
  readonly #values = new Float32Array(PIXELS);
  #last: Point | null = null;
  #pen: Point = { x: SIDE / 2, y: SIDE / 2 };
  #isPenDown = false;

  constructor() {
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#lineTo((this.#last = this.#pointOf(event)));
    });
    canvas.addEventListener('pointermove', (event) => {
      if (this.#last !== null) this.#lineTo(this.#pointOf(event));
    });
    for (const type of ['pointerup', 'pointercancel']) canvas.addEventListener(type, () => (this.#last = null));
    canvas.addEventListener('keydown', (event) => this.#onKey(event));
    for (const type of ['focus', 'blur']) canvas.addEventListener(type, () => this.#show());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#show());
    this.#show();
  }

  /** One byte for each pixel, with the digit's center in the middle, as in the data set; null if there is nothing. */
  image(): Uint8Array | null {
    let [mass, x, y] = [0, 0, 0];
    this.#values.forEach((value, i) => {
      mass += value;
      x += value * (i % SIDE);
      y += value * Math.floor(i / SIDE);
    });
    if (mass === 0) return null;
    const [right, down] = [Math.round((SIDE - 1) / 2 - x / mass), Math.round((SIDE - 1) / 2 - y / mass)];
    return Uint8Array.from({ length: PIXELS }, (_, i) => {
      const [column, row] = [(i % SIDE) - right, Math.floor(i / SIDE) - down];
      const isInside = column >= 0 && column < SIDE && row >= 0 && row < SIDE;
      return isInside ? Math.round(255 * (this.#values[row * SIDE + column] ?? 0)) : 0;
    });
  }

  clear(): void {
    this.#values.fill(0);
    this.#isPenDown = false;
    this.#show();
  }

  #pointOf({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: (SIDE * (clientX - left)) / width, y: (SIDE * (clientY - top)) / height };
  }

  #onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === ' ') this.#isPenDown = !this.#isPenDown;
    else if (step === undefined) return;
    event.preventDefault();
    const inside = (value: number): number => Math.min(Math.max(value, 1), SIDE - 1);
    this.#pen = { x: inside(this.#pen.x + (step?.[0] ?? 0)), y: inside(this.#pen.y + (step?.[1] ?? 0)) };
    if (this.#isPenDown) {
      this.#last = null;
      this.#lineTo(this.#pen);
      this.#last = null;
    } else this.#show();
  }

  #lineTo(to: Point): void {
    const from = this.#last ?? to;
    const steps = Math.ceil(4 * Math.hypot(to.x - from.x, to.y - from.y)) + 1;
    for (let i = 0; i <= steps; i++) {
      this.#dot({ x: from.x + ((to.x - from.x) * i) / steps, y: from.y + ((to.y - from.y) * i) / steps });
    }
    this.#last = to;
    this.#show();
  }

  #dot({ x, y }: Point): void {
    for (let i = 0; i < PIXELS; i++) {
      const distance = Math.hypot((i % SIDE) + 0.5 - x, Math.floor(i / SIDE) + 0.5 - y);
      this.#values[i] = Math.max(this.#values[i] ?? 0, Math.min(Math.max(PEN + 0.5 - distance, 0), 1));
    }
  }

  #show(): void {
    const style = getComputedStyle(this.#canvas);
    const isFocused = document.activeElement === this.#canvas;
    showImage(this.#canvas, this.#values, style.color);
    const context = this.#canvas.getContext('2d');
    if (!isFocused || context === null) return;
    const size = this.#canvas.width / SIDE;
    context.strokeStyle = style.accentColor;
    context.lineWidth = this.#isPenDown ? 4 : 2;
    context.strokeRect((this.#pen.x - 0.5) * size, (this.#pen.y - 0.5) * size, size, size);
  }
}

/** Shows an image. @param values of its pixels, from 0 to 1. */
export function showImage(canvas: HTMLCanvasElement, values: Float32Array, color: string): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const size = canvas.width / SIDE;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = color;
  values.forEach((value, i) => {
    context.globalAlpha = value;
    context.fillRect((i % SIDE) * size, Math.floor(i / SIDE) * size, size, size);
  });
  context.globalAlpha = 1;
}
