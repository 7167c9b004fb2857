/** What this thread has used of a core: other programs on the machine lengthen the time on the clock, and not this. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
