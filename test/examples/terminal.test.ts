// How the demo breaks lines.
import { expect } from 'chai';
import { wrapped } from '../../examples/mnist/terminal.ts';

describe('lines of the demo', () => {
  it('are left alone if they fit', () => {
    expect(wrapped('  two words\n\nand  three more', 15)).to.equal('  two words\n\nand  three more');
  });

  it('go on below their first word, or below what follows the label', () => {
    expect(wrapped('  one two three', 9)).to.equal('  one two\n  three');
    expect(wrapped('  a label  one two three', 18)).to.equal('  a label  one two\n           three');
  });

  it('are longer than the width only for one long word', () => {
    expect(wrapped('a longerword b', 6)).to.equal('a\nlongerword\nb');
  });
});
