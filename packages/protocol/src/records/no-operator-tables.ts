/** A page reads no records of validators. docs/adr/0101-validators-by-bond.md */
export const operatorTables = {}
