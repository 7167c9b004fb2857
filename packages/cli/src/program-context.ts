/** What the program has from outside: the real process's, or a test's own. */
export interface ProgramContext {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  readonly stdin: NodeJS.ReadableStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the user stands. */
  readonly cwd: () => string
  /** When the process began, by `performance.now()`; undefined: nobody waited for it to be loaded. */
  readonly startMs?: number
}

/** What one run of the program gives to its commands. */
export interface CommandContext extends ProgramContext {
  /** Usage errors become a document on standard output: commander prints none of them. */
  readonly json: boolean
  /** For a command that has a result and still did not succeed, such as a proof that does not verify. */
  readonly setExitCode: (code: number) => void
}
