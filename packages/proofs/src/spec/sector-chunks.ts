/** A sector is worked through in chunks of about a MiB: large enough for a kernel, small enough for memory. */
const CHUNK_BYTES = 1 << 20

/** Offsets and lengths in bytes. */
export function* sectorChunks(sectorBytes: number): Generator<{ offset: number; length: number }> {
  for (let offset = 0; offset < sectorBytes; offset += CHUNK_BYTES)
    yield { offset, length: Math.min(CHUNK_BYTES, sectorBytes - offset) }
}
