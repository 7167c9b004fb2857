/** Processor time of this process, all of its threads, since a moment: what the work takes, whoever else is at work. */
export function processorMs(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}
