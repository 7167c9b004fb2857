export type Closer = () => Promise<void> | void

/** In reverse of the order in which they were opened. @throws AggregateError when all have been tried */
export async function closeAll(closers: Closer[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of closers.splice(0).reverse()) {
    try {
      await close()
    } catch (error) {
      failures.push(error)
    }
  }
  // All the others are closed all the same, so that port and folder are free.
  if (failures.length > 0) throw new AggregateError(failures, 'parts of the provider did not close')
}
