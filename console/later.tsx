// Parts of the console that are loaded when they are needed, so that the first page comes soon.
import { type ComponentType, type ReactNode, use, useEffect } from 'react'
import { ApiError } from './api.ts'
import { connection } from './connection.ts'

/** A component that is not there yet. Rendering it waits for it; `preload` fetches it before that. */
type Later<Props> = ((props: Props) => ReactNode) & { preload(): Promise<void> }

/**
 * Makes a component of one that `load` imports. Where it cannot be loaded, `Missing` is shown in its place: what is on
 * the page around it stays. Without a `Missing`, as for a page itself, it throws an {@link ApiError}.
 */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  Missing?: ComponentType<Props>,
): Later<Props> {
  let loading: Promise<ComponentType<Props>> | undefined
  let Loaded: ComponentType<Props> | undefined
  let isMissing = false
  const begin = () => {
    loading ??= load().then(
      (component) => {
        Loaded = component
        isMissing = false
        return component
      },
      () => {
        loading = undefined
        // Lost, or only gone after an upgrade: the next answer tells.
        void connection.ask()
        throw new ApiError('unreachable', 'The browser could not load a part of this page.')
      },
    )
    return loading
  }
  let shown: Promise<ComponentType<Props>> | undefined
  const beginToShow = () => {
    if (Missing === undefined) return begin()
    shown ??= begin().catch(() => {
      isMissing = true
      return Missing
    })
    return shown
  }
  function Waiting(props: Props) {
    useEffect(
      () => () => {
        // The next time it is wanted, it is tried again.
        if (isMissing) shown = undefined
      },
      [],
    )
    const Component = Loaded ?? use(beginToShow())
    return <Component {...props} />
  }
  return Object.assign(Waiting, {
    preload: async () => {
      await begin()
    },
  })
}
