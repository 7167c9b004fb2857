/** The proof that a sector was sealed: once a sector, for challenges drawn after its commitment. Node only. */
export { PoRepInputError, type ProvePoRepInput, provePoRep, SectorFinalizedError } from './prove-porep.ts'
