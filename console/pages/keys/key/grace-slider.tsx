// The slider that sets how long the old token goes on working.
import { Slider } from 'radix-ui'
import { useId } from 'react'
import { graceName, graceSteps } from '../../../format/graces.ts'

export function GraceSlider({ seconds, change }: { seconds: number; change: (seconds: number) => void }) {
  const id = useId()
  const step = Math.max(0, graceSteps.indexOf(seconds))
  return (
    <div>
      <div className="flex items-baseline justify-between gap-4">
        <span id={id} className="label">
          Grace
        </span>
        <output className="font-medium tabular-nums">{graceName(seconds)}</output>
      </div>
      <Slider.Root
        className="relative mt-1 flex h-9 touch-none select-none items-center"
        min={0}
        max={graceSteps.length - 1}
        value={[step]}
        onValueChange={([next = 0]) => change(graceSteps[next] ?? 0)}
      >
        <Slider.Track className="relative h-1.5 grow rounded-full border border-edge bg-sunken">
          <Slider.Range className="absolute inset-y-0 rounded-full bg-primary" />
        </Slider.Track>
        <Slider.Thumb
          aria-labelledby={id}
          aria-valuetext={graceName(seconds)}
          className="block size-5 rounded-full border-2 border-primary bg-raised shadow-raised"
        />
      </Slider.Root>
      <div aria-hidden className="flex justify-between text-xs text-muted">
        <span>None</span>
        <span>30 days</span>
      </div>
    </div>
  )
}
