/** The benchmarks are a package that is not published: only a checkout of Granary has them. */
import { GranaryError } from '@granary/base'

export class BenchmarksMissingError extends GranaryError {
  constructor(cause: unknown) {
    super({
      code: 'BENCHMARKS_MISSING',
      message: 'the benchmarks are not part of the installed program',
      hint: 'run the same command in a checkout of Granary, with `npx granary tools bench`',
      cause,
    })
  }
}

/** @throws BenchmarksMissingError */
export async function loadBenchmarks<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    if (code === 'ERR_MODULE_NOT_FOUND' && `${message}`.includes("'@granary/bench'"))
      throw new BenchmarksMissingError(error)
    throw error
  }
}
