/** The path and the flags of a program that lies beside this file, in the sources or in what is built from them. */
export interface ProgramBeside {
  readonly url: URL
  readonly execArgv: string[]
}

export function programBeside(name: string): ProgramBeside {
  const source = import.meta.url.endsWith('.ts')
  return {
    url: new URL(`./${name}.${source ? 'ts' : 'js'}`, import.meta.url),
    execArgv: source ? ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning'] : [],
  }
}
