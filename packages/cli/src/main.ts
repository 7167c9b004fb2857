/** The one program: `granary`. Arguments in, printing out; what a command does is in its own file, loaded when it is asked for. */
import { EXIT } from './exit-code.ts'
import { printFailure } from './print/failure.ts'
import { run } from './run.ts'

/** A connection that was kept alive may hold the process: nobody waits for it longer than this. */
const LINGER_MS = 1_000

// A reader that has gone away (`granary deals | head -1`) is not an error; a result that could not be written is.
process.stderr.on('error', () => undefined)
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  printFailure(process, error, { json: false })
  process.exit(EXIT.failed)
})
process.exitCode = await run(process.argv.slice(2), process)
// Unreferenced: it only fires when something else keeps the process, and standard output has had its time to drain.
setTimeout(() => process.exit(), LINGER_MS).unref()
