// One configuration for all packages. A test's tier is in its name: x.test.ts (npm test), x.slow.test.ts (test:all),
// x.nightly.test.ts (nightly). scripts/test.mjs says which tiers run.
const tiers = (process.env.GRANARY_TEST_TIERS ?? 'fast').split(',')
const tierPattern = {
  fast: '/[^/.]+\\.test\\.ts$',
  slow: '\\.slow\\.test\\.ts$',
  nightly: '\\.nightly\\.test\\.ts$',
}

export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@granary/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/strip-types.mjs' },
  moduleFileExtensions: ['ts', 'mjs', 'js', 'cjs', 'json', 'node'],
  roots: ['<rootDir>/packages', '<rootDir>/e2e'],
  testRegex: tiers.map((tier) => tierPattern[tier]),
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  testTimeout: 60_000,
  // Tests wait for blocks, disks and challenges more than they compute: three files at a time, on two cores too.
  maxWorkers: 3,
  testSequencer: '<rootDir>/scripts/longest-first.mjs',
  reporters: ['default', '<rootDir>/scripts/count-reporter.mjs'],
}
