/** Numbers of sectors, as arguments of a command: each once. */
import { InvalidArgumentError } from 'commander'

export function sectorNumbers(text: string, before: readonly number[] | undefined): number[] {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value < 2 ** 32)) throw new InvalidArgumentError('expected the numbers of sectors, such as 3 7 10.')
  return [...new Set(before).add(value)]
}
