/** `@granary/protocol/codec`: fields and tuples, of which messages and records are declared, and their one encoding. */
export { address, epochs, list, uint } from './field.ts'
export { type Struct, struct } from './struct.ts'
export { decodeRecord, decodeTuple, encodeRecord, encodeTuple } from './tuple-codec.ts'
