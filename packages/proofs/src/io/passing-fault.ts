/** Of this process and not of what it reads: another try may not meet it again. */
const passing = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])

export function isPassing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code !== undefined && passing.has(code)
}
