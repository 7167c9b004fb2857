/** A finding a line, and below it what mends it. */
import { asCalledHere } from '../invocation.ts'
import { padTo, wrapTo } from '../print/columns.ts'
import { columnsOf } from '../print/columns-of.ts'
import { paint, type Style } from '../print/paint.ts'
import { printable } from '../print/printable.ts'
import type { CommandContext } from '../program-context.ts'
import type { Finding } from './finding.ts'

const STATE_WIDTH = 7
const CHECK_WIDTH = 12

const STYLES: Readonly<Record<Finding['state'], Style>> = { ok: 'green', note: 'yellow', wrong: 'red', skipped: 'dim' }

export function findingsText(findings: readonly Finding[], context: CommandContext): string {
  const { stdout, env } = context
  const indent = ' '.repeat(STATE_WIDTH + 2 + CHECK_WIDTH + 2)
  const room = columnsOf(stdout, env) - indent.length
  return findings
    .flatMap(({ state, check, says, fix }) => {
      const head = `${paint(stdout, STYLES[state], padTo(state, STATE_WIDTH))}  ${padTo(check, CHECK_WIDTH)}  `
      const lines = wrapTo(printable(says), room)
      const mend = fix === undefined ? [] : wrapTo(`→ ${asCalledHere(printable(fix), context)}`, room)
      return [`${head}${lines[0]}`, ...[...lines.slice(1), ...mend].map((line) => `${indent}${line}`)]
    })
    .join('\n')
}
