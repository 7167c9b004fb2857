/** A caller's handler is told, and never breaks what it is told about. */
export function reporter<T>(onProgress: ((progress: T) => void) | undefined): (progress: T) => void {
  return (progress) => {
    try {
      onProgress?.(progress)
    } catch {
      // The handler's own fault, in the caller's own code: the call goes on.
    }
  }
}
