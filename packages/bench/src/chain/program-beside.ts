/** The path and the flags of a program that lies beside a module, in the sources or in what is built from them. */
export interface ProgramBeside {
  readonly url: URL
  readonly execArgv: string[]
}

/** @param beside the address of that module */
export function programBeside(name: string, beside: string): ProgramBeside {
  const source = beside.endsWith('.ts')
  return {
    url: new URL(`./${name}.${source ? 'ts' : 'js'}`, beside),
    execArgv: source ? ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning'] : [],
  }
}
