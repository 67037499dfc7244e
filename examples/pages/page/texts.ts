// All words of the pages, in each language. The HTML names them, and `words.ts` puts them in; of its own it has only the line for browsers
// without scripts.

const en = {
  language: 'Language',
  takePart: 'Take part',
  watch: 'Watch',
  lead: 'Train a small program that recognises digits, together with others. The server adds up what all participants send, and opens only the sum. In this demonstration it plays some participants itself, and knows their part of the sum.',

  yourDigits: 'Your digits',
  yourDigitsLead: 'What the program learns from. They stay stored in this browser.',
  draw: 'I draw digits',
  samples: 'I try it with sample images that this server has',
  pad: 'Drawing area',
  padHelp: 'Draw one digit. With the keyboard: arrow keys move the pen, the space bar puts it down or lifts it.',
  whichDigit: 'This is a',
  add: 'Add the digit',
  clear: 'Clear',
  emptyPad: 'Draw a digit first.',
  drawn: (count: number) => (count === 0 ? 'No digit yet.' : count === 1 ? 'One digit.' : `${count} digits.`),
  removeDigit: (label: number) => `Remove this ${label}`,

  limits: 'Your limits',
  limitsLead: 'Your browser refuses whatever goes beyond them. The server cannot change them.',
  mostSums: 'At most so many sums',
  pause: 'Least pause between two sums',
  noPause: 'none',
  oneMinute: 'one minute',
  oneHour: 'one hour',

  consent: 'Before you consent',
  consentSent: 'What is sent',
  consentSentText:
    'Your browser trains the program with your digits, and sends by how much this changes the program. It masks these numbers, so that the server can open only the sum over all participants, and subtract the part of those that it plays itself. It does not send the digits themselves.',
  consentSeen: 'What the server sees',
  consentSeenText:
    'It sees who takes part and when, by a number that your browser has chosen, and your network address. It sees each sum. Everybody who opens the page for watching sees what the sums lead to.',
  consentFails: 'When the protection fails',
  consentFailsText: (companions: number) =>
    `If too many participants belong to whoever runs the server, that person can compute what you have sent. Here the server plays ${companions} participants itself, because this is a demonstration. So nothing protects you from whoever runs it.`,
  consentStays: 'What you cannot take back',
  consentStaysText:
    'What was sent cannot be withdrawn: it is part of the sum and of the program from then on. You can leave at any time, and then nothing more is sent.',
  consentCost: 'What each sum tells about you',
  consentCostNoise: (epsilon: string, delta: string) =>
    `Your browser adds noise, and each sum still tells a little about you. All sums together are limited by a privacy budget: ε = ${epsilon} at δ = ${delta}, as long as at most one other participant works with the server. A larger ε means that more can be told.`,
  consentCostExact:
    'The sums are exact. Whoever knows what all others have sent can subtract it from the sum, and has what you have sent.',
  consentTask: 'What you consent to',
  consentTaskText:
    'You consent to one task, with the digest below. It fixes what is summed, among how many, and who may decide what. For any other task you are asked again.',
  digest: 'Digest of the task',
  iConsent: 'I have read this, and I consent to this task.',
  needDigits: 'Add at least one digit, or choose the sample images.',
  needConsent: 'Please consent first, or do not take part.',

  yourPart: 'Your part',
  otherTask: 'The service has another task than the one that you consented to. Nothing was sent for it. You are asked again.',
  phase: {
    idle: 'Waiting for the next sum.',
    preparing: 'Selected. The program is trained with your digits.',
    awaiting: 'Your part is done. Waiting for the sum.',
    over: 'All sums of this service are done.',
    left: 'You have left. Nothing more is sent.',
    superseded: 'This browser has an old state, and stops. It needs a new start.',
  },
  inSession: (users: number) => `In a sum with ${users} participants in all.`,
  steps: ['Keys', 'Shares of the keys', 'Masked numbers', 'Signature', 'Help to open the sum'],
  stepsTitle: 'The five rounds of this sum',
  step: { done: 'sent', now: 'now', open: 'to come' },
  spentPoint: 'Up to here nothing about your digits has been sent.',
  isSpent: 'Your masked numbers have been sent. They cannot be withdrawn.',
  participations: (count: number, most: number) => `${count} of at most ${most}`,
  participationsTitle: 'Sums with your part',
  spent: (spent: string, budget: string) => `ε = ${spent} of ${budget}`,
  spentTitle: 'Your privacy budget',
  leave: 'Leave',
  beginAgain: 'Begin again',
  beginAgainNote: 'If you begin again, this browser forgets what you have spent. It is not undone: what sums tell adds up.',
  messages: 'What has happened',
  event: {
    selected: (run: number) => `Run ${run}: selected.`,
    sent: (run: number) => `Run ${run}: your masked numbers have been sent.`,
    done: (run: number) => `Run ${run}: there is a sum, and your part is in it.`,
    doneWithout: (run: number) => `Run ${run}: it is over, and nothing of yours was sent.`,
    failed: (run: number) => `Run ${run}: there is no sum.`,
    attemptFailed: (run: number) => `Run ${run}: an attempt has failed.`,
    network: 'The server could not be reached. Your browser tries again.',
  },
  notTakingPart: 'Your browser does not take part.',
  reason: 'Reason:',
  budgetUsedUp: (budget: string) =>
    `Your privacy budget is used up. One more sum could tell more about you than the ε = ${budget} that you consented to, so your browser refuses it, and every later one. Nothing more is sent.`,
  sumsUsedUp: (most: number) =>
    `You have taken part in as many sums as you allowed: ${most}. Your browser refuses every further one. Nothing more is sent.`,

  watchLead: 'What the server knows: how many take part, and what the sums lead to. It shows numbers, and nobody’s name.',
  now: 'Now',
  connection: 'The connection to the server is lost. The page tries again.',
  nowWaiting: (have: number, need: number) =>
    have === 0 ? `Waiting for visitors: ${need} needed.` : `Participants come: ${have} are there.`,
  nowTraining: (ready: number) => `Participants train: ${ready} are ready.`,
  nowSession: (users: number) => `A sum with ${users} participants.`,
  nowOver: 'All planned runs are over.',
  nowNothing: 'The next run begins.',
  run: (run: number, planned: number) => `Run ${run} of ${planned}`,
  rounds: 'Rounds',
  roundLabel: (name: string, heard: number, all: number) => `${name}: ${heard} of ${all} participants were heard`,
  dropouts: 'Drop-outs',
  dropoutsOfRun: (run: number) => `Drop-outs of run ${run}`,
  noDropouts: 'Nobody so far.',
  dropoutReasons: [
    'did not send keys',
    'sent keys, and no shares of them',
    'sent shares, and no masked numbers: not in the sum',
    'sent masked numbers, and no signature: in the sum',
    'signed, and did not help to open the sum: in the sum',
  ],
  accuracy: 'Test images recognised',
  accuracyNow: (share: string, images: string) => `${share} of ${images}`,
  accuracyChart: (list: string) => `Share of the test images that the program recognises, by run: ${list}`,
  privacy: 'Privacy spent',
  noNoise: 'These sums are exact: there is no budget.',
  privacyNote: (companions: number) =>
    `This holds if at most one participant works with the server. In this demonstration the server plays ${companions} of them.`,
  allRuns: 'All runs',
  columns: ['Run', 'State', 'In the sum', 'Dropped out', 'Recognised', 'ε in all'],
  noRuns: 'No run has ended yet.',
  state: { finished: 'sum', failed: 'no sum', tooFew: 'no sum: too few' },
  joinHere: 'Take part with this address, for example on a phone:',
};

export type Texts = typeof en;

const de: Texts = {
  language: 'Sprache',
  takePart: 'Mitmachen',
  watch: 'Zusehen',
  lead: 'Trainieren Sie mit anderen zusammen ein kleines Programm, das Ziffern erkennt. Der Server addiert, was alle Teilnehmenden senden, und öffnet nur die Summe. In dieser Vorführung spielt er einige Teilnehmende selbst und kennt deren Teil der Summe.',

  yourDigits: 'Ihre Ziffern',
  yourDigitsLead: 'Aus ihnen lernt das Programm. Sie bleiben in diesem Browser gespeichert.',
  draw: 'Ich zeichne Ziffern',
  samples: 'Ich probiere es mit Beispielbildern, die dieser Server hat',
  pad: 'Zeichenfläche',
  padHelp:
    'Zeichnen Sie eine Ziffer. Mit der Tastatur: Pfeiltasten bewegen den Stift, die Leertaste setzt ihn auf oder hebt ihn ab.',
  whichDigit: 'Das ist eine',
  add: 'Ziffer hinzufügen',
  clear: 'Löschen',
  emptyPad: 'Zeichnen Sie zuerst eine Ziffer.',
  drawn: (count) => (count === 0 ? 'Noch keine Ziffer.' : count === 1 ? 'Eine Ziffer.' : `${count} Ziffern.`),
  removeDigit: (label) => `Diese ${label} entfernen`,

  limits: 'Ihre Grenzen',
  limitsLead: 'Ihr Browser lehnt ab, was darüber hinausgeht. Der Server kann sie nicht ändern.',
  mostSums: 'Höchstens so viele Summen',
  pause: 'Kürzeste Pause zwischen zwei Summen',
  noPause: 'keine',
  oneMinute: 'eine Minute',
  oneHour: 'eine Stunde',

  consent: 'Bevor Sie einwilligen',
  consentSent: 'Was gesendet wird',
  consentSentText:
    'Ihr Browser trainiert das Programm mit Ihren Ziffern und sendet, um wie viel sich das Programm dadurch ändert. Er maskiert diese Zahlen, sodass der Server nur die Summe über alle Teilnehmenden öffnen und den Teil derer abziehen kann, die er selbst spielt. Die Ziffern selbst sendet er nicht.',
  consentSeen: 'Was der Server sieht',
  consentSeenText:
    'Er sieht, wer wann teilnimmt, unter einer Nummer, die Ihr Browser gewählt hat, und Ihre Netzwerkadresse. Er sieht jede Summe. Wer die Seite zum Zusehen öffnet, sieht, wozu die Summen führen.',
  consentFails: 'Wann der Schutz versagt',
  consentFailsText: (companions) =>
    `Wenn zu viele Teilnehmende zu dem gehören, der den Server betreibt, kann dieser ausrechnen, was Sie gesendet haben. Hier spielt der Server selbst ${companions} Teilnehmende, denn dies ist eine Vorführung. Vor dem, der sie betreibt, schützt Sie also nichts.`,
  consentStays: 'Was Sie nicht zurücknehmen können',
  consentStaysText:
    'Was gesendet ist, kann nicht zurückgezogen werden: Es ist von da an Teil der Summe und des Programms. Sie können jederzeit gehen, und dann wird nichts mehr gesendet.',
  consentCost: 'Was jede Summe über Sie verrät',
  consentCostNoise: (epsilon, delta) =>
    `Ihr Browser fügt Rauschen hinzu, und doch verrät jede Summe ein wenig über Sie. Alle Summen zusammen sind durch ein Budget begrenzt: ε = ${epsilon} bei δ = ${delta}, solange höchstens ein anderer Teilnehmer mit dem Server zusammenarbeitet. Ein größeres ε heißt, dass mehr verraten werden kann.`,
  consentCostExact:
    'Die Summen sind genau. Wer weiß, was alle anderen gesendet haben, kann es von der Summe abziehen und hat, was Sie gesendet haben.',
  consentTask: 'Wozu Sie einwilligen',
  consentTaskText:
    'Sie willigen in eine Aufgabe ein, die den folgenden Fingerabdruck hat. Er legt fest, was summiert wird, unter wie vielen, und wer was entscheiden darf. Für jede andere Aufgabe werden Sie neu gefragt.',
  digest: 'Fingerabdruck der Aufgabe',
  iConsent: 'Ich habe das gelesen und willige in diese Aufgabe ein.',
  needDigits: 'Fügen Sie mindestens eine Ziffer hinzu, oder wählen Sie die Beispielbilder.',
  needConsent: 'Bitte willigen Sie zuerst ein, oder machen Sie nicht mit.',

  yourPart: 'Ihr Beitrag',
  otherTask:
    'Der Dienst hat eine andere Aufgabe als die, in die Sie eingewilligt haben. Für sie wurde nichts gesendet. Sie werden neu gefragt.',
  phase: {
    idle: 'Wartet auf die nächste Summe.',
    preparing: 'Ausgewählt. Das Programm wird mit Ihren Ziffern trainiert.',
    awaiting: 'Ihr Teil ist getan. Wartet auf die Summe.',
    over: 'Alle Summen dieses Dienstes sind fertig.',
    left: 'Sie sind gegangen. Es wird nichts mehr gesendet.',
    superseded: 'Dieser Browser hat einen alten Stand und hält an. Er braucht einen neuen Anfang.',
  },
  inSession: (users) => `In einer Summe mit insgesamt ${users} Teilnehmenden.`,
  steps: ['Schlüssel', 'Teile der Schlüssel', 'Maskierte Zahlen', 'Unterschrift', 'Hilfe beim Öffnen der Summe'],
  stepsTitle: 'Die fünf Runden dieser Summe',
  step: { done: 'gesendet', now: 'jetzt', open: 'kommt noch' },
  spentPoint: 'Bis hierher ist nichts über Ihre Ziffern gesendet.',
  isSpent: 'Ihre maskierten Zahlen sind gesendet. Sie können nicht zurückgezogen werden.',
  participations: (count, most) => `${count} von höchstens ${most}`,
  participationsTitle: 'Summen mit Ihrem Teil',
  spent: (spent, budget) => `ε = ${spent} von ${budget}`,
  spentTitle: 'Ihr Budget',
  leave: 'Gehen',
  beginAgain: 'Neu beginnen',
  beginAgainNote: 'Wenn Sie neu beginnen, vergisst dieser Browser, was verbraucht ist. Zurückgenommen ist es nicht.',
  messages: 'Was geschehen ist',
  event: {
    selected: (run) => `Lauf ${run}: ausgewählt.`,
    sent: (run) => `Lauf ${run}: Ihre maskierten Zahlen sind gesendet.`,
    done: (run) => `Lauf ${run}: Es gibt eine Summe, und Ihr Teil ist darin.`,
    doneWithout: (run) => `Lauf ${run}: Er ist vorbei, und von Ihnen wurde nichts gesendet.`,
    failed: (run) => `Lauf ${run}: Es gibt keine Summe.`,
    attemptFailed: (run) => `Lauf ${run}: Ein Versuch ist gescheitert.`,
    network: 'Der Server war nicht zu erreichen. Ihr Browser versucht es wieder.',
  },
  notTakingPart: 'Ihr Browser nimmt nicht teil.',
  reason: 'Grund:',
  budgetUsedUp: (budget) =>
    `Ihr Budget ist aufgebraucht. Noch eine Summe könnte mehr über Sie verraten als das ε = ${budget}, in das Sie eingewilligt haben. Deshalb lehnt Ihr Browser sie und jede spätere ab. Es wird nichts mehr gesendet.`,
  sumsUsedUp: (most) =>
    `Sie haben an so vielen Summen teilgenommen, wie Sie erlaubt haben: ${most}. Ihr Browser lehnt jede weitere ab. Es wird nichts mehr gesendet.`,

  watchLead: 'Was der Server weiß: wie viele teilnehmen, und wozu die Summen führen. Die Seite zeigt Zahlen und niemandes Namen.',
  now: 'Jetzt',
  connection: 'Die Verbindung zum Server ist verloren. Die Seite versucht es wieder.',
  nowWaiting: (have, need) => (have === 0 ? `Wartet auf Besuch: ${need} nötig.` : `Teilnehmende kommen: ${have} sind da.`),
  nowTraining: (ready) => `Teilnehmende trainieren: ${ready} sind bereit.`,
  nowSession: (users) => `Eine Summe mit ${users} Teilnehmenden.`,
  nowOver: 'Alle geplanten Läufe sind vorbei.',
  nowNothing: 'Der nächste Lauf beginnt.',
  run: (run, planned) => `Lauf ${run} von ${planned}`,
  rounds: 'Runden',
  roundLabel: (name, heard, all) => `${name}: ${heard} von ${all} Teilnehmenden wurden gehört`,
  dropouts: 'Ausfälle',
  dropoutsOfRun: (run) => `Ausfälle in Lauf ${run}`,
  noDropouts: 'Bisher niemand.',
  dropoutReasons: [
    'sandten keine Schlüssel',
    'sandten Schlüssel, aber keine Teile davon',
    'sandten Teile, aber keine maskierten Zahlen: nicht in der Summe',
    'sandten maskierte Zahlen, aber keine Unterschrift: in der Summe',
    'unterschrieben, aber halfen nicht beim Öffnen der Summe: in der Summe',
  ],
  accuracy: 'Erkannte Testbilder',
  accuracyNow: (share, images) => `${share} von ${images}`,
  accuracyChart: (list) => `Anteil der Testbilder, die das Programm erkennt, nach Lauf: ${list}`,
  privacy: 'Verbrauchtes Budget',
  noNoise: 'Diese Summen sind genau: Es gibt kein Budget.',
  privacyNote: (companions) =>
    `Das gilt, wenn höchstens ein Teilnehmer mit dem Server zusammenarbeitet. In dieser Vorführung spielt der Server ${companions} von ihnen.`,
  allRuns: 'Alle Läufe',
  columns: ['Lauf', 'Stand', 'In der Summe', 'Ausfälle', 'Erkannt', 'ε gesamt'],
  noRuns: 'Noch ist kein Lauf zu Ende.',
  state: { finished: 'Summe', failed: 'keine Summe', tooFew: 'keine Summe: zu wenige' },
  joinHere: 'Mitmachen mit dieser Adresse, zum Beispiel auf einem Telefon:',
};

export const LANGUAGES = { en, de } as const;

export type Language = keyof typeof LANGUAGES;
