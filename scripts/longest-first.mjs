// Suites that take minutes begin first, so that none of them is what the other workers wait for at the end, and what
// computes beside what waits; the rest go by size, as in Jest's own order of a first run.
const minutes = [
  '/soak.slow',
  '/each-kernel.slow',
  '/rolled-back-chain.slow',
  '/proofs-not-missed.slow',
  '/kills.slow',
  '/price-rises.slow',
  '/client-in-page.slow',
  '/simulate.slow',
]

function rank({ path }) {
  const place = minutes.findIndex((name) => path.includes(name))
  return place === -1 ? minutes.length : place
}

export default class LongestFirst {
  sort(tests) {
    const sizes = new Map(tests.map((test) => [test, test.context.hasteFS.getSize(test.path) ?? 0]))
    return tests.toSorted((a, b) => rank(a) - rank(b) || sizes.get(b) - sizes.get(a))
  }

  allFailedTests(tests) {
    return tests
  }

  cacheResults() {}
}
