/** The public types are those of `api/`: a change of them is made with its report, and seen by whoever reviews it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const committed = fileURLToPath(new URL('../api', import.meta.url))
const program = fileURLToPath(new URL('../test/api-report.ts', import.meta.url))

function reportsIn(folder: string): Readonly<Record<string, readonly string[]>> {
  const names = readdirSync(folder).sort()
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8').split('\n')]))
}

test('the types that the entries export are those of the report: `npx pnpm --filter @granary/client api-report` writes it', () => {
  const made = mkdtempSync(join(tmpdir(), 'granary-api-report-'))
  try {
    const env = { ...process.env, NODE_OPTIONS: '' }
    execFileSync(process.execPath, ['--conditions=@granary/source', program, made], { env, stdio: 'pipe' })
    const reports = reportsIn(made)
    expect(Object.keys(reports)).toEqual(['browser.api.md', 'main.api.md', 'memory.api.md', 'node.api.md'])
    expect(reports).toEqual(reportsIn(committed))
  } finally {
    rmSync(made, { recursive: true })
  }
}, 300_000)
