// All words of the pages, in each language. The HTML names them, and `words.ts` puts them in; of its own it has only the line for browsers
// without scripts. Whoever reads them knows nothing of cryptography.
/* oxlint-disable max-lines -- words, and no code: the languages stay together, so that a change of one is seen beside the others */

const en = {
  ...{ language: 'Language', takePart: 'Take part', watch: 'Watch' },
  lead: 'Help to train a small program that recognises handwritten digits. It learns in runs. In each run, your browser masks what it sends: it adds secret random numbers, which fall away when the server adds up what all participants have sent. So the server can read only the sum. In this demonstration it plays some participants itself, and knows their part of the sum.',

  yourDigits: 'Your digits',
  yourDigitsLead:
    'The program learns from them. If you take part, this browser stores the digits that you draw, until you leave or the service has another task.',
  draw: 'I draw digits',
  samples: 'I try it with sample images that this server has',
  pad: 'Drawing area',
  padHelp: 'Draw one digit. With the keyboard: arrow keys move the pen, the space bar puts it down or lifts it.',
  ...{ whichDigit: 'This is a', add: 'Add the digit', clear: 'Clear', emptyPad: 'Draw a digit first.' },
  drawn: (count: number) => (count === 0 ? 'No digit yet.' : count === 1 ? 'One digit.' : `${count} digits.`),
  removeDigit: (label: number) => `Remove this ${label}`,

  limits: 'Your limits',
  limitsLead: 'Your browser refuses whatever goes beyond them, whatever the server asks for.',
  ...{ mostSums: 'Take part in at most so many runs', pause: 'Shortest pause between two runs' },
  ...{ noPause: 'none', oneMinute: 'one minute', oneHour: 'one hour' },

  consent: 'Before you consent',
  consentSent: 'What is sent',
  consentSentText:
    'Your browser trains the program with your digits, and sends by how much this changes the program. It masks these numbers, so that the server can read only the sum over all participants, and subtract the part of those that it plays itself. It does not send the digits themselves.',
  consentSeen: 'What the server sees',
  consentSeenText:
    'It sees who takes part and when, by a number that your browser has chosen, and your network address. It sees each sum. Everybody who can open these pages can load the program after each run, and compute the sum from it. When the server is stopped, what it has stored is deleted.',
  consentFails: 'When the protection fails',
  consentFailsText: (companions: number) =>
    `If too many participants belong to whoever runs the server, that person can compute what you have sent. Here the server plays ${companions} participants itself, because this is a demonstration. It also delivers this page, and could deliver another one, which does not do what is said here. So nothing protects you from whoever runs it. If the address of this page begins with http:, nothing protects you from whoever controls your network either.`,
  consentStays: 'What you cannot take back',
  consentStaysText:
    'What was sent cannot be withdrawn: it is part of the sum and of the program from then on. You can leave at any time. Then your browser tells the server, if a run goes on, that you have left, and sends nothing else of yours.',
  consentCost: 'What each sum tells about you',
  consentCostNoise: (epsilon: string, delta: string) =>
    `Your browser also adds noise, that is, small random errors that stay in the sum. Each sum still tells a little about you, and what several sums tell adds up. It is measured by a number that is called ε: at 0 nothing is told, and the larger it is, the more can be told. All sums of this task together keep to a budget of ε = ${epsilon}, except with a small probability that is called δ = ${delta}. This holds as long as at most one other participant works with the server. Here the server plays more of them, so it does not hold against whoever runs the server, but it holds against others who see the sums.`,
  consentCostExact:
    'The sums are exact. Whoever knows what all others have sent can subtract it from the sum, and has what you have sent.',
  consentTask: 'What you consent to',
  consentTaskText:
    'You consent to one task: what is added up, among how many, and who may decide what. The long number below is its fingerprint. A task that differs in anything has another fingerprint, and for any other task you are asked again.',
  digest: 'Fingerprint of the task',
  iConsent: 'I have read this, and I consent to this task.',
  needDigits: 'Add at least one digit, or choose the sample images.',
  needConsent: 'Please consent first, or do not take part.',
  cannotJoin: 'The server does not answer, so you do not take part yet. Please try again.',

  yourPart: 'Your part',
  otherTask:
    'The service has another task than before, for example because it was started again. You take no part in the new one unless you consent to it. Nothing of yours was sent for it. What earlier sums have told about you is not undone: it adds up, although this browser counts from zero for each task.',
  phase: {
    starting: 'One moment. If this page is open twice, your browser takes part in the other one.',
    idle: 'Waiting for the next run.',
    pausing: 'Waiting for the next run, and for the end of your pause if it is not over.',
    preparing: 'You are in this run. The program learns from your digits.',
    session: 'In a sum.',
    awaiting: 'You have nothing more to do in this run. Waiting for its end.',
    over: 'All runs of this service are over.',
    left: 'You have left.',
    superseded:
      'The server knows of newer steps of yours than this browser remembers, for example because a backup was restored. So your browser stops. You can begin again.',
    network: 'A step has failed, for example because the server could not be reached. Your browser tries again.',
  },
  missed: (run: number, hasPause: boolean) =>
    `Run ${run} goes on without you: you came too late for it${hasPause ? ', or your pause was not over' : ''}.`,
  nextRun: (run: number) => `The next run begins when it is over: run ${run}.`,
  noNextRun: 'It is the last one.',
  waitingForVisitors: (present: number, needed: number) => `Waiting for visitors: ${needed} needed, ${present} there.`,
  inSession: (users: number) => `In a sum with ${users} participants in all.`,
  steps: ['Keys', 'Spare keys', 'Masked numbers', 'Confirmation', 'Help to open the sum'],
  stepsTitle: 'The five steps to a sum',
  stepsLead:
    'The participants exchange keys, and spare keys for those that drop out. Then each of them sends its masked numbers, confirms who is in the sum, and helps to open it.',
  step: { done: 'sent', now: 'now', open: 'to come' },
  spentPoint: 'Up to here nothing about your digits has been sent.',
  isSpent: 'Your masked numbers have been sent. They cannot be withdrawn.',
  participations: (count: number, most: number) => `${count} of at most ${most}`,
  participationsTitle: 'Runs with your part',
  spent: (spent: string, budget: string) => `ε = ${spent} of ${budget}`,
  spentTitle: 'Your privacy budget',
  spentNote: 'Your browser counts the worst case of each run with your part.',
  ...{ leave: 'Leave', beginAgain: 'Begin again' },
  leftNote:
    'This browser deletes your digits, your keys and its account of your runs. What was sent before cannot be withdrawn, and the server may still know in which runs you were.',
  beginAgainNote:
    'If you begin again, this browser counts your privacy budget from zero. What sums have told already is not undone: it adds up.',
  messages: 'What has happened',
  event: {
    selected: (run: number) => `Run ${run}: you are in it.`,
    sent: (run: number) => `Run ${run}: your masked numbers have been sent.`,
    done: (run: number) => `Run ${run}: there is a sum, for which you have sent your part.`,
    doneWithout: (run: number) => `Run ${run}: it is over, and nothing about your digits was sent.`,
    failed: (run: number) => `Run ${run}: there is no sum.`,
    attemptFailed: (run: number) => `Run ${run}: an attempt has ended for you without a sum.`,
  },
  notTakingPart: 'Your browser does not take part.',
  refusal: {
    busy: () => 'The server is busy, or has a fault. Your browser tries again by itself.',
    late: () =>
      'The server waited for your browser no longer, so this run goes on without you. You are asked again in the next run.',
    admission: () =>
      'A proof of admission that this run needs does not hold: yours, or that of another participant. If this happens again, leave and begin again.',
    retired: () => 'The service has ended this task. Load the page again to see whether there is another one.',
    limits: () => 'This run does not keep to your limits, or to what you consented to. So your browser takes no part in it.',
    spent: () => 'Your part was sent in an earlier attempt of this run. Your browser does not send it a second time.',
    other: (code: string) =>
      `Your browser and the server do not agree about this run, so it goes on without you. You are asked again in the next run. If this happens again, tell whoever runs the service the code ${code}.`,
  },
  budgetUsedUp: (budget: string) =>
    `Your privacy budget is used up. One more sum could tell more about you than the ε = ${budget} that you consented to, so your browser refuses every further run. Nothing more about your digits is sent.`,
  sumsUsedUp: (most: number) =>
    `You have taken part in as many runs as you allowed: ${most}. Your browser refuses every further one. Nothing more about your digits is sent.`,

  watchLead: 'What the server knows: how many take part, and what the sums lead to. It shows numbers, and nobody’s name.',
  ...{ now: 'Now', connection: 'The connection to the server is lost. The page tries again.' },
  nowComing: (count: number) => `Participants come. There so far: ${count}.`,
  nowTraining: (ready: number, all: number) => `Participants train: ${ready} of ${all} are ready.`,
  nowSession: (users: number) => `A sum with ${users} participants.`,
  run: (run: number, planned: number) => `Run ${run} of ${planned}`,
  nowOver: 'All planned runs are over.',
  nowNothing: 'The next run begins.',
  roundLabel: (name: string, heard: number, all: number) => `${name}: ${heard} of ${all} participants were heard`,
  dropouts: 'Drop-outs',
  dropoutsOfRun: (run: number, isWithoutSum: boolean) => `Drop-outs of run ${run}${isWithoutSum ? ', which has no sum' : ''}`,
  noDropouts: 'Nobody so far.',
  dropoutReasons: [
    'left, or were not ready, before the first step: not in the sum',
    'sent no keys: not in the sum',
    'sent keys, and no spare keys: not in the sum',
    'sent spare keys, and no masked numbers: not in the sum',
    'sent masked numbers, and no confirmation: in the sum',
    'confirmed, and did not help to open the sum: in the sum',
  ],
  accuracy: 'Test images recognised',
  accuracyNow: (share: string, images: string) => `${share} of ${images}`,
  accuracyChart: (list: string) => `Share of the test images that the program recognises, by run: ${list}`,
  privacy: 'Privacy budget used',
  noNoise: 'These sums are exact: there is no budget.',
  privacyNote: (companions: number) =>
    `ε measures, at worst, how much the sums can tell about somebody with a part in every run so far. It holds if at most one other participant works with the server. Here the server plays ${companions} of them, so it does not hold against whoever runs the server.`,
  allRuns: 'All runs',
  columns: ['Run', 'Result', 'In the sum', 'Dropped out', 'Recognised', 'ε used'],
  noRuns: 'No run has ended yet.',
  state: { finished: 'sum', failed: 'no sum', tooFew: 'no sum: too few' },
  joinHere: 'Take part with this address, for example on a phone in the same network:',
  joinOnlyHere: 'Only this machine opens these pages. For a phone in the same network, start: npm run service -- --host 0.0.0.0',
};

export type Texts = typeof en;

const de: Texts = {
  ...{ language: 'Sprache', takePart: 'Mitmachen', watch: 'Zusehen' },
  lead: 'Helfen Sie, ein kleines Programm zu trainieren, das handgeschriebene Ziffern erkennt. Es lernt in Läufen. In jedem Lauf maskiert Ihr Browser, was er sendet: Er addiert geheime Zufallszahlen, die wegfallen, wenn der Server alles addiert, was die Teilnehmenden gesendet haben. So kann der Server nur die Summe lesen. In dieser Vorführung spielt er einige Teilnehmende selbst und kennt deren Teil der Summe.',

  yourDigits: 'Ihre Ziffern',
  yourDigitsLead:
    'Aus ihnen lernt das Programm. Wenn Sie mitmachen, speichert dieser Browser die Ziffern, die Sie zeichnen, bis Sie gehen oder der Dienst eine andere Aufgabe hat.',
  draw: 'Ich zeichne Ziffern',
  samples: 'Ich probiere es mit Beispielbildern, die dieser Server hat',
  pad: 'Zeichenfläche',
  padHelp:
    'Zeichnen Sie eine Ziffer. Mit der Tastatur: Pfeiltasten bewegen den Stift, die Leertaste setzt ihn auf oder hebt ihn ab.',
  ...{ whichDigit: 'Das ist eine', add: 'Ziffer hinzufügen', clear: 'Löschen', emptyPad: 'Zeichnen Sie zuerst eine Ziffer.' },
  drawn: (count) => (count === 0 ? 'Noch keine Ziffer.' : count === 1 ? 'Eine Ziffer.' : `${count} Ziffern.`),
  removeDigit: (label) => `Diese ${label} entfernen`,

  limits: 'Ihre Grenzen',
  limitsLead: 'Ihr Browser lehnt ab, was darüber hinausgeht, was auch immer der Server verlangt.',
  ...{ mostSums: 'An höchstens so vielen Läufen teilnehmen', pause: 'Kürzeste Pause zwischen zwei Läufen' },
  ...{ noPause: 'keine', oneMinute: 'eine Minute', oneHour: 'eine Stunde' },

  consent: 'Bevor Sie einwilligen',
  consentSent: 'Was gesendet wird',
  consentSentText:
    'Ihr Browser trainiert das Programm mit Ihren Ziffern und sendet, um wie viel sich das Programm dadurch ändert. Er maskiert diese Zahlen, sodass der Server nur die Summe über alle Teilnehmenden lesen und den Teil derer abziehen kann, die er selbst spielt. Die Ziffern selbst sendet er nicht.',
  consentSeen: 'Was der Server sieht',
  consentSeenText:
    'Er sieht, wer wann teilnimmt, unter einer Nummer, die Ihr Browser gewählt hat, und Ihre Netzwerkadresse. Er sieht jede Summe. Wer diese Seiten öffnen kann, kann nach jedem Lauf das Programm laden und die Summe daraus ausrechnen. Wenn der Server angehalten wird, wird gelöscht, was er gespeichert hat.',
  consentFails: 'Wann der Schutz versagt',
  consentFailsText: (companions) =>
    `Wenn zu viele Teilnehmende zu dem gehören, der den Server betreibt, kann dieser ausrechnen, was Sie gesendet haben. Hier spielt der Server selbst ${companions} Teilnehmende, denn dies ist eine Vorführung. Er liefert auch diese Seite und könnte eine andere liefern, die nicht tut, was hier steht. Vor dem, der ihn betreibt, schützt Sie also nichts. Wenn die Adresse dieser Seite mit http: beginnt, schützt Sie auch nichts vor dem, der Ihr Netzwerk beherrscht.`,
  consentStays: 'Was Sie nicht zurücknehmen können',
  consentStaysText:
    'Was gesendet ist, kann nicht zurückgezogen werden: Es ist von da an Teil der Summe und des Programms. Sie können jederzeit gehen. Dann sagt Ihr Browser dem Server, falls ein Lauf im Gang ist, dass Sie gegangen sind, und sendet sonst nichts mehr von Ihnen.',
  consentCost: 'Was jede Summe über Sie verrät',
  consentCostNoise: (epsilon, delta) =>
    `Ihr Browser fügt auch Rauschen hinzu, das heißt kleine zufällige Fehler, die in der Summe bleiben. Doch verrät jede Summe ein wenig über Sie, und mehrere Summen verraten zusammen mehr. Das misst eine Zahl, die ε heißt: Bei 0 wird nichts verraten, und je größer sie ist, desto mehr kann verraten werden. Alle Summen dieser Aufgabe zusammen bleiben in einem Budget von ε = ${epsilon}, außer mit einer kleinen Wahrscheinlichkeit, die δ = ${delta} heißt. Das gilt, solange höchstens ein anderer Teilnehmer mit dem Server zusammenarbeitet. Hier spielt der Server mehr von ihnen, also gilt es nicht gegenüber dem, der ihn betreibt, aber gegenüber anderen, die die Summen sehen.`,
  consentCostExact:
    'Die Summen sind genau. Wer weiß, was alle anderen gesendet haben, kann es von der Summe abziehen und hat, was Sie gesendet haben.',
  consentTask: 'Wozu Sie einwilligen',
  consentTaskText:
    'Sie willigen in eine Aufgabe ein: was addiert wird, unter wie vielen, und wer was entscheiden darf. Die lange Zahl unten ist ihr Fingerabdruck. Eine Aufgabe, die in irgendetwas anders ist, hat einen anderen, und für jede andere Aufgabe werden Sie neu gefragt.',
  digest: 'Fingerabdruck der Aufgabe',
  iConsent: 'Ich habe das gelesen und willige in diese Aufgabe ein.',
  needDigits: 'Fügen Sie mindestens eine Ziffer hinzu, oder wählen Sie die Beispielbilder.',
  needConsent: 'Bitte willigen Sie zuerst ein, oder machen Sie nicht mit.',
  cannotJoin: 'Der Server antwortet nicht, also nehmen Sie noch nicht teil. Bitte versuchen Sie es wieder.',

  yourPart: 'Ihr Beitrag',
  otherTask:
    'Der Dienst hat eine andere Aufgabe als zuvor, zum Beispiel weil er neu gestartet wurde. An der neuen nehmen Sie nur teil, wenn Sie in sie einwilligen. Für sie wurde nichts von Ihnen gesendet. Was frühere Summen über Sie verraten haben, ist nicht zurückgenommen: Es addiert sich, obwohl dieser Browser für jede Aufgabe von null an zählt.',
  phase: {
    starting: 'Einen Moment. Wenn diese Seite zweimal offen ist, nimmt Ihr Browser in der anderen teil.',
    idle: 'Wartet auf den nächsten Lauf.',
    pausing: 'Wartet auf den nächsten Lauf, und auf das Ende Ihrer Pause, wenn sie nicht vorbei ist.',
    preparing: 'Sie sind in diesem Lauf. Das Programm lernt aus Ihren Ziffern.',
    session: 'In einer Summe.',
    awaiting: 'Sie haben in diesem Lauf nichts mehr zu tun. Wartet auf sein Ende.',
    over: 'Alle Läufe dieses Dienstes sind vorbei.',
    left: 'Sie sind gegangen.',
    superseded:
      'Der Server kennt neuere Schritte von Ihnen als dieser Browser, zum Beispiel weil eine Sicherung zurückgespielt wurde. Deshalb hält Ihr Browser an. Sie können neu beginnen.',
    network: 'Ein Schritt ist gescheitert, zum Beispiel weil der Server nicht zu erreichen war. Ihr Browser versucht es wieder.',
  },
  missed: (run, hasPause) =>
    `Lauf ${run} geht ohne Sie weiter: Sie kamen zu spät für ihn${hasPause ? ', oder Ihre Pause war nicht vorbei' : ''}.`,
  nextRun: (run) => `Der nächste Lauf beginnt, wenn er vorbei ist: Lauf ${run}.`,
  noNextRun: 'Er ist der letzte.',
  waitingForVisitors: (present, needed) => `Wartet auf Besuch: ${needed} nötig, ${present} da.`,
  inSession: (users) => `In einer Summe mit insgesamt ${users} Teilnehmenden.`,
  steps: ['Schlüssel', 'Ersatzschlüssel', 'Maskierte Zahlen', 'Bestätigung', 'Hilfe beim Öffnen der Summe'],
  stepsTitle: 'Die fünf Schritte zu einer Summe',
  stepsLead:
    'Die Teilnehmenden tauschen Schlüssel aus, und Ersatzschlüssel für jene, die ausfallen. Dann senden alle ihre maskierten Zahlen, bestätigen, wer in der Summe ist, und helfen, sie zu öffnen.',
  step: { done: 'gesendet', now: 'jetzt', open: 'kommt noch' },
  spentPoint: 'Bis hierher ist nichts über Ihre Ziffern gesendet.',
  isSpent: 'Ihre maskierten Zahlen sind gesendet. Sie können nicht zurückgezogen werden.',
  participations: (count, most) => `${count} von höchstens ${most}`,
  participationsTitle: 'Läufe mit Ihrem Teil',
  spent: (spent, budget) => `ε = ${spent} von ${budget}`,
  spentTitle: 'Ihr Privatsphäre-Budget',
  spentNote: 'Ihr Browser zählt den schlimmsten Fall jedes Laufs mit Ihrem Teil.',
  ...{ leave: 'Gehen', beginAgain: 'Neu beginnen' },
  leftNote:
    'Dieser Browser löscht Ihre Ziffern, Ihre Schlüssel und sein Konto Ihrer Läufe. Was vorher gesendet wurde, kann nicht zurückgezogen werden, und der Server weiß vielleicht noch, in welchen Läufen Sie waren.',
  beginAgainNote:
    'Wenn Sie neu beginnen, zählt dieser Browser Ihr Budget wieder von null an. Zurückgenommen ist es nicht: Was Summen verraten haben, addiert sich.',
  messages: 'Was geschehen ist',
  event: {
    selected: (run) => `Lauf ${run}: Sie sind darin.`,
    sent: (run) => `Lauf ${run}: Ihre maskierten Zahlen sind gesendet.`,
    done: (run) => `Lauf ${run}: Es gibt eine Summe, für die Sie Ihren Teil gesendet haben.`,
    doneWithout: (run) => `Lauf ${run}: Er ist vorbei, und über Ihre Ziffern wurde nichts gesendet.`,
    failed: (run) => `Lauf ${run}: Es gibt keine Summe.`,
    attemptFailed: (run) => `Lauf ${run}: Ein Versuch ist für Sie ohne Summe zu Ende.`,
  },
  notTakingPart: 'Ihr Browser nimmt nicht teil.',
  refusal: {
    busy: () => 'Der Server ist überlastet oder gestört. Ihr Browser versucht es von selbst wieder.',
    late: () =>
      'Der Server hat auf Ihren Browser nicht länger gewartet. Dieser Lauf geht ohne Sie weiter, und im nächsten werden Sie wieder gefragt.',
    admission: () =>
      'Ein Nachweis der Zulassung, den dieser Lauf braucht, gilt nicht: Ihrer oder der eines anderen. Wenn das wieder geschieht, gehen Sie, und beginnen Sie neu.',
    retired: () => 'Der Dienst hat diese Aufgabe beendet. Laden Sie die Seite neu, um zu sehen, ob es eine andere gibt.',
    limits: () =>
      'Dieser Lauf hält Ihre Grenzen nicht ein, oder nicht das, worin Sie eingewilligt haben. Ihr Browser nimmt nicht teil.',
    spent: () => 'Ihr Teil wurde in einem früheren Versuch dieses Laufs gesendet. Ihr Browser sendet ihn kein zweites Mal.',
    other: (code) =>
      `Ihr Browser und der Server sind sich über diesen Lauf nicht einig. Er geht ohne Sie weiter, und im nächsten werden Sie wieder gefragt. Wenn das wieder geschieht, nennen Sie dem, der den Dienst betreibt, den Code ${code}.`,
  },
  budgetUsedUp: (budget) =>
    `Ihr Budget ist aufgebraucht. Noch eine Summe könnte mehr über Sie verraten als das ε = ${budget}, in das Sie eingewilligt haben. Deshalb lehnt Ihr Browser jeden weiteren Lauf ab. Über Ihre Ziffern wird nichts mehr gesendet.`,
  sumsUsedUp: (most) =>
    `Sie haben an so vielen Läufen teilgenommen, wie Sie erlaubt haben: ${most}. Ihr Browser lehnt jeden weiteren ab. Über Ihre Ziffern wird nichts mehr gesendet.`,

  watchLead: 'Was der Server weiß: wie viele teilnehmen, und wozu die Summen führen. Die Seite zeigt Zahlen und niemandes Namen.',
  ...{ now: 'Jetzt', connection: 'Die Verbindung zum Server ist verloren. Die Seite versucht es wieder.' },
  nowComing: (count) => `Teilnehmende kommen. Bisher da: ${count}.`,
  nowTraining: (ready, all) => `Teilnehmende trainieren: ${ready} von ${all} sind bereit.`,
  nowSession: (users) => `Eine Summe mit ${users} Teilnehmenden.`,
  run: (run, planned) => `Lauf ${run} von ${planned}`,
  nowOver: 'Alle geplanten Läufe sind vorbei.',
  nowNothing: 'Der nächste Lauf beginnt.',
  roundLabel: (name, heard, all) => `${name}: ${heard} von ${all} Teilnehmenden wurden gehört`,
  dropouts: 'Ausfälle',
  dropoutsOfRun: (run, isWithoutSum) => `Ausfälle in Lauf ${run}${isWithoutSum ? ', der keine Summe hat' : ''}`,
  noDropouts: 'Bisher niemand.',
  dropoutReasons: [
    'gingen vor dem ersten Schritt oder waren nicht bereit: nicht in der Summe',
    'sandten keine Schlüssel: nicht in der Summe',
    'sandten Schlüssel, aber keine Ersatzschlüssel: nicht in der Summe',
    'sandten Ersatzschlüssel, aber keine maskierten Zahlen: nicht in der Summe',
    'sandten maskierte Zahlen, aber keine Bestätigung: in der Summe',
    'bestätigten, aber halfen nicht beim Öffnen der Summe: in der Summe',
  ],
  accuracy: 'Erkannte Testbilder',
  accuracyNow: (share, images) => `${share} von ${images}`,
  accuracyChart: (list) => `Anteil der Testbilder, die das Programm erkennt, nach Lauf: ${list}`,
  privacy: 'Verbrauchtes Privatsphäre-Budget',
  noNoise: 'Diese Summen sind genau: Es gibt kein Budget.',
  privacyNote: (companions) =>
    `ε misst, wie viel die Summen schlimmstenfalls über jemanden verraten können, dessen Teil in jedem Lauf bisher war. Es gilt, wenn höchstens ein anderer Teilnehmer mit dem Server zusammenarbeitet. Hier spielt der Server ${companions} von ihnen, also gilt es nicht gegenüber dem, der ihn betreibt.`,
  allRuns: 'Alle Läufe',
  columns: ['Lauf', 'Ergebnis', 'In der Summe', 'Ausfälle', 'Erkannt', 'ε verbraucht'],
  noRuns: 'Noch ist kein Lauf zu Ende.',
  state: { finished: 'Summe', failed: 'keine Summe', tooFew: 'keine Summe: zu wenige' },
  joinHere: 'Mitmachen mit dieser Adresse, zum Beispiel auf einem Telefon im selben Netz:',
  joinOnlyHere:
    'Nur dieser Rechner öffnet diese Seiten. Für ein Telefon im selben Netz starten Sie: npm run service -- --host 0.0.0.0',
};

export const LANGUAGES = { en, de } as const;

export type Language = keyof typeof LANGUAGES;
