// How many requests were answered, and how fast: counted in plain numbers, which costs a request some hundredth of a
// microsecond, and given prom-client's form only when somebody asks for the metrics. prom-client's own `inc` and
// `observe` build a text of the labels at every call.
import { Histogram, type Registry } from 'prom-client'

export const requestLabels = ['route', 'method', 'status'] as const
export type RequestLabels = { route: string; method: string; status: number }

/** The upper ends of the buckets of durations, in seconds. */
const bucketEnds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** The durations of the requests of one route, method and status. */
class Timing {
  readonly labels: RequestLabels
  requests = 0
  seconds = 0
  /** The requests that took at most so long as the end of a bucket, and longer than that of the one before. */
  readonly buckets = new Float64Array(bucketEnds.length)

  constructor(labels: RequestLabels) {
    this.labels = labels
  }

  add(seconds: number): void {
    this.requests++
    this.seconds += seconds
    let bucket = 0
    while (bucket < bucketEnds.length && seconds > (bucketEnds[bucket] as number)) bucket++
    if (bucket < bucketEnds.length) (this.buckets[bucket] as number)++
  }
}

/** The durations of all requests, by their labels. */
export class Timings {
  readonly all: Timing[] = []
  // By route, then method, then status: no text need be put together to find one.
  readonly #byRoute = new Map<string, Map<string, Map<number, Timing>>>()

  /** The timing of a route, a method and a status; a new one if these come for the first time. */
  of(route: string, method: string, status: number): Timing {
    return this.#byRoute.get(route)?.get(method)?.get(status) ?? this.#add({ route, method, status })
  }

  #add(labels: RequestLabels): Timing {
    const timing = new Timing(labels)
    this.all.push(timing)
    const byMethod = getOrAdd(this.#byRoute, labels.route, () => new Map<string, Map<number, Timing>>())
    getOrAdd(byMethod, labels.method, () => new Map<number, Timing>()).set(labels.status, timing)
    return timing
  }
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

type Description = Awaited<ReturnType<Histogram<string>['get']>>

const name = 'latchkey_http_request_duration_seconds'
const config = {
  name,
  help: 'Time from the arrival of a request to its answer.',
  labelNames: requestLabels,
  buckets: bucketEnds,
}

/** The histogram of the durations: with the names, the labels and the order that prom-client's own gives it. */
export class RequestDurations extends Histogram<string> {
  readonly #timings: Timings
  // Says everything about the histogram but its values.
  readonly #empty = new Histogram({ ...config, registers: [] })

  constructor(timings: Timings, registry: Registry) {
    super({ ...config, registers: [registry] })
    this.#timings = timings
  }

  override async get(): Promise<Description> {
    return { ...(await this.#empty.get()), values: this.#timings.all.flatMap(describe) }
  }

  /** What the registry asks, in place of {@link get}, to write text. */
  getForPromString(): Promise<Description> {
    return this.get()
  }
}

/** The values of a timing as prom-client has them: buckets that hold those before them, the sum and the count. */
function describe({ labels, requests, seconds, buckets }: Timing): Description['values'] {
  let fitting = 0
  const bucketValues = bucketEnds.map((le, i) => {
    fitting += buckets[i] as number
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: fitting }
  })
  return [
    ...bucketValues,
    { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: requests },
    { metricName: `${name}_sum`, labels, value: seconds },
    { metricName: `${name}_count`, labels, value: requests },
  ]
}
