/** What the one run of the program gives to the commands that need it. */
export interface ProgramContext {
  /** Usage errors become a document on standard output: commander prints none of them. */
  readonly json: boolean
  /** For a command that has a result and still did not succeed, such as a proof that does not verify. */
  readonly setExitCode: (code: number) => void
}
