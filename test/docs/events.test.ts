// docs/events.md lists each kind of event under its party, with all of its fields and no others.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import ts from 'typescript';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const nameOf = (member: ts.TypeElement): string => (member as ts.PropertySignature).name.getText();

/** The names of an interface's or a literal's fields, in order. */
const fieldsOf = (members: ts.NodeArray<ts.TypeElement>): string[] => members.map(nameOf);

/** The kinds of a union of events as a source declares it, each with its other fields. */
function declaredEvents(path: string, union: string): Record<string, string[]> {
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);
  const declared = source.statements.filter((each) => ts.isTypeAliasDeclaration(each) || ts.isInterfaceDeclaration(each));
  const named = (name: string): ts.TypeAliasDeclaration | ts.InterfaceDeclaration =>
    declared.find((each) => each.name.text === name)!;
  const events: Record<string, string[]> = {};
  const enter = (type: ts.TypeNode, fields: string[] = []): void => {
    if (ts.isUnionTypeNode(type)) for (const each of type.types) enter(each);
    else if (ts.isParenthesizedTypeNode(type)) enter(type.type);
    else if (ts.isTypeReferenceNode(type)) enter((named(type.getText()) as ts.TypeAliasDeclaration).type);
    else if (ts.isIntersectionTypeNode(type)) {
      const [own, ...others] = type.types;
      const more = others.flatMap((other) => {
        const found = named(other.getText());
        return ts.isInterfaceDeclaration(found) ? fieldsOf(found.members) : [];
      });
      enter(own!, more);
    } else if (ts.isTypeLiteralNode(type)) {
      const [kind, ...own] = type.members;
      const text = (kind as ts.PropertySignature).type!.getText();
      events[text.slice(1, -1)] = [...own.map(nameOf), ...fields];
    }
  };
  enter((named(union) as ts.TypeAliasDeclaration).type);
  return events;
}

/** The kinds of events in the first table of a section, each with its fields. */
function documentedEvents(heading: string): Record<string, string[]> {
  const section = read('docs/events.md')
    .split(/^## /m)
    .find((each) => each.startsWith(`${heading}\n`))!;
  const [table = ''] = /^\|.*?(?=\n\n)/ms.exec(section) ?? [];
  const [, , ...rows] = table.split('\n');
  const names = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  return Object.fromEntries(
    rows.map((row) => {
      const [, type = '', , fields = ''] = row.split('|');
      return [names(type)[0]!, names(fields)] as const;
    }),
  );
}

describe('docs/events.md', () => {
  for (const [heading, path, union] of [
    ['A user', 'src/leaves/progress.ts', 'UserEvent'],
    ['A server', 'src/leaves/progress.ts', 'ServerEvent'],
    ['Sessions in PostgreSQL', 'src/postgres/events.ts', 'StoreEvent'],
    ['An agent', 'src/agent/events.ts', 'AgentEvent'],
    ['A coordinator', 'src/coordinator/events.ts', 'CoordinatorEvent'],
    ['A participant of PET', 'src/pet/participant-events.ts', 'PetAgentEvent'],
    ['A service of PET', 'src/pet/service.ts', 'PetServiceEvent'],
  ] as const) {
    it(`lists each kind of ${union} with its fields`, () => {
      const declared = declaredEvents(path, union);
      expect(Object.keys(declared)).to.have.length.above(2);
      expect(documentedEvents(heading)).to.deep.equal(declared);
    });
  }
});
