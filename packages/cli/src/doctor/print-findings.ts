/** What a doctor has found, printed; the exit code is that of the first thing that is wrong. */
import { exitOfCode } from '../exit-code.ts'
import { printResult } from '../print/result.ts'
import type { CommandContext } from '../program-context.ts'
import type { Finding } from './finding.ts'
import { findingsText } from './findings-text.ts'

export function printFindings(context: CommandContext, findings: readonly Finding[], json: boolean): void {
  const wrong = findings.find(({ state }) => state === 'wrong')
  if (wrong) context.setExitCode(exitOfCode(wrong.code ?? 'UNEXPECTED'))
  const text = (data: { readonly findings: readonly Finding[] }): string => findingsText(data.findings, context)
  printResult(context, { healthy: wrong === undefined, findings }, { json, text })
}
