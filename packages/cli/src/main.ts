/** The one program: `granary`. Arguments in, printing out; what a command does is in its own file, loaded when it is asked for. */
import { run } from './run.ts'

/** A connection that was kept alive may hold the process: nobody waits for it longer than this. */
const LINGER_MS = 1_000

// A reader that has gone away (`granary deals | head -1`) is not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}
process.exitCode = await run(process.argv.slice(2))
// Unreferenced: it only fires when something else keeps the process, and standard output has had its time to drain.
setTimeout(() => process.exit(), LINGER_MS).unref()
