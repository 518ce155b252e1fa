// Parts of the console that are loaded when they are needed, so that the first page comes soon.
import { type ComponentType, type ReactNode, use } from 'react'
import { ApiError } from './api.ts'
import { connection } from './connection.ts'

/** A component that is not there yet. Rendering it waits for it; `preload` fetches it before that. */
type Later<Props> = ((props: Props) => ReactNode) & { preload(): Promise<void> }

/** Makes a component of one that `load` imports. Where it cannot be loaded it throws an {@link ApiError}. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): Later<Props> {
  let loading: Promise<ComponentType<Props>> | undefined
  let Loaded: ComponentType<Props> | undefined
  const begin = () => {
    loading ??= load().then(
      (component) => {
        Loaded = component
        return component
      },
      () => {
        loading = undefined
        // Lost, or only gone after an upgrade: the next answer tells.
        void connection.tryNow()
        throw new ApiError('unreachable', 'The browser could not load a part of this page.')
      },
    )
    return loading
  }
  function Waiting(props: Props) {
    const Component = Loaded ?? use(begin())
    return <Component {...props} />
  }
  return Object.assign(Waiting, {
    preload: async () => {
      await begin()
    },
  })
}
