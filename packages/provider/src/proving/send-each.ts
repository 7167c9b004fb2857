/** What partitions need said to the chain: one that waits for its block, or is refused, holds up no other. */

/**
 * Finds out about one after the other, and sends what each needs without waiting for it.
 * @throws the first thing that went wrong, when all are done
 */
export async function sendEach<Item, Found>(
  items: Iterable<Item>,
  find: (item: Item) => Promise<Found>,
  send: (item: Item, found: Found) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = []
  const sending: Promise<void>[] = []
  for (const item of items) {
    const found = find(item)
    sending.push(found.then((each) => send(item, each)).catch((error: unknown) => void failures.push(error)))
    await found.catch(() => {})
  }
  await Promise.all(sending)
  if (failures.length > 0) throw failures[0]
}
