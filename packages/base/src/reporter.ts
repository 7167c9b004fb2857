/** A caller's handler is told, and never breaks what it is told about. */
export function reporter<T>(onProgress: ((progress: T) => unknown) | undefined): (progress: T) => void {
  // What goes wrong in it is the caller's own, at once or, of one that is async, later.
  const tell = async (progress: T) => await onProgress?.(progress)
  return (progress) => void tell(progress).catch(() => undefined)
}
