/** So many places for each address; whoever takes one gives it back. */

export interface Places {
  /** @returns what gives the place back, once; undefined when all of that address are taken */
  take(address: string | undefined): (() => void) | undefined
}

export function createPlaces(each: number): Places {
  const taken = new Map<string, number>()
  return {
    take(address) {
      if (address === undefined) return () => undefined
      const count = taken.get(address) ?? 0
      if (count >= each) return undefined
      taken.set(address, count + 1)
      let held = true
      return () => {
        if (!held) return
        held = false
        const left = (taken.get(address) ?? 0) - 1
        if (left > 0) taken.set(address, left)
        else taken.delete(address)
      }
    },
  }
}
