/** Sets GRANARY_KERNEL for the time of some work: a whole run of the tests may have been given one. */
export function useKernel(name: string): Disposable {
  const before = process.env.GRANARY_KERNEL
  process.env.GRANARY_KERNEL = name
  return {
    [Symbol.dispose]() {
      if (before === undefined) delete process.env.GRANARY_KERNEL
      else process.env.GRANARY_KERNEL = before
    },
  }
}
