/** What stands below the options in the help of a command: paragraphs in the width that there is, and the exit codes. */
import type { AddHelpTextContext } from 'commander'
import { exitCodesHelp } from './exit-code.ts'

export function moreHelp(paragraphs: string): (context: AddHelpTextContext) => string {
  return ({ command }) => {
    const columns = command.configureOutput().getOutHelpWidth?.() ?? Number.POSITIVE_INFINITY
    return command.createHelp().boxWrap(`\n${paragraphs}\n${exitCodesHelp}`, columns)
  }
}
