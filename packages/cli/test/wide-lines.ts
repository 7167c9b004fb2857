/** What is printed and does not fit: a line of one word (a CID, an address, a path) or of one command cannot be broken. */
import { widthOf } from '../src/print/columns.ts'

const UNBREAKABLE = /^ *(?:[^\s`]+(?: [^\s`]+){0,2} {2,})*(?:\S+|\S*`[^`]+`\S*)$/

export function wideLines(text: string, columns: number): string[] {
  return text.split('\n').filter((line) => widthOf(line) > columns && !UNBREAKABLE.test(line.trimEnd()))
}
