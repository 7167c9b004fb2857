/** What the README tells people to type. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './harness.ts'

/** The lines of the first block of commands below that heading. */
export function commandsBelow(heading: string): string[] {
  const [, section = ''] = readFileSync(join(repository, 'README.md'), 'utf8').split(`\n## ${heading}\n`)
  const [, block] = /^```sh\n([\s\S]*?)^```$/m.exec(section) ?? []
  if (block === undefined) throw new Error(`README.md has no commands below "${heading}"`)
  return block.trimEnd().split('\n')
}
