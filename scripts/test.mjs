// Checks, then tests of the tiers named: `test.mjs fast slow nightly [-- jest arguments]`. The last line is always
// `N passed, N failed, N skipped`; the type check and the lint count as one test each.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tierNames = ['fast', 'slow', 'nightly']
const tiers = process.argv.slice(2).filter((arg) => tierNames.includes(arg))
const jestArgs = process.argv.slice(2).filter((arg) => !tierNames.includes(arg) && arg !== '--')
const counts = { passed: 0, failed: 0, skipped: 0 }

function run(name, command, args, env = {}) {
  console.log(`\n== ${name}`)
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  return status === 0
}

function check(name, command, args) {
  if (run(name, command, args)) counts.passed += 1
  else counts.failed += 1
}

function jest() {
  const folder = mkdtempSync(join(tmpdir(), 'granary-test-'))
  const countsFile = join(folder, 'counts.json')
  const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js']
  // A test that fails may leave a server behind, which holds a pipe that jest would wait for without end.
  args.push('--forceExit')
  const ok = run(`tests: ${tiers.join(', ')}`, process.execPath, [...args, ...jestArgs], {
    GRANARY_TEST_TIERS: tiers.join(','),
    GRANARY_TEST_COUNTS: countsFile,
  })
  try {
    const seen = JSON.parse(readFileSync(countsFile, 'utf8'))
    for (const key of Object.keys(counts)) counts[key] += seen[key]
    if (!ok && seen.failed === 0) counts.failed += 1
    if (seen.passed + seen.failed + seen.skipped === 0) counts.failed += 1
  } catch {
    counts.failed += 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (tiers.includes('fast')) {
  check('types', 'tsc', ['-p', 'tsconfig.check.json'])
  check('lint and format', 'biome', ['check', '--error-on-warnings'])
}
jest()
process.exitCode = counts.failed === 0 ? 0 : 1
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
