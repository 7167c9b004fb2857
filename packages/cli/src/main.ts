/** The one program: `granary`. Arguments in, printing out; what a command does is in its own file, loaded when it is asked for. */
import { EXIT } from './exit-code.ts'
import { printFailure } from './print/failure.ts'
import { isReaderGone } from './reader-gone.ts'
import { run } from './run.ts'

/** A connection that was kept alive may hold the process: nobody waits for it longer than this. */
const LINGER_MS = 1_000

process.stderr.on('error', () => undefined)
process.stdout.on('error', (error) => {
  if (isReaderGone(process.stdout, error)) return
  printFailure(process, error, { json: false })
  process.exit(EXIT.failed)
})
const { stdout, stderr, stdin, env } = process
process.exitCode = await run(process.argv.slice(2), {
  stdout,
  stderr,
  stdin,
  env,
  cwd: () => process.cwd(),
  startMs: 0,
})
// Unreferenced: it only fires when something else keeps the process, and standard output has had its time to drain.
setTimeout(() => process.exit(), LINGER_MS).unref()
