// What a page shows, as a file: a button for each format, and what is said if a download fails.
import { type UseMutationResult, useMutation } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { download, query } from '../api.ts'
import { Button } from './button.tsx'
import { ErrorNotice } from './notices.tsx'

const formats = { csv: 'CSV', jsonl: 'JSON lines' } as const
type Format = keyof typeof formats
type FileDownload = UseMutationResult<void, Error, Format>

/** The download of what an address gives in each format. */
export function useDownload(path: string, parameters: Parameters<typeof query>[0]): FileDownload {
  return useMutation({
    mutationFn: (format: Format) => download(`${path}${query({ format, ...parameters })}`),
  })
}

export function DownloadButtons({ file, refusal }: { file: FileDownload; refusal: string | undefined }) {
  return Object.entries(formats).map(([format, label]) => (
    <Button
      key={format}
      icon={<Download size={16} aria-hidden />}
      busy={file.isPending}
      refusal={refusal}
      onClick={() => file.mutate(format as Format)}
    >
      <span>
        <span className="sr-only">Download as </span>
        {file.isPending && file.variables === format ? 'Coming…' : label}
      </span>
    </Button>
  ))
}

export function DownloadFailure({ file }: { file: FileDownload }) {
  if (!file.isError) return null
  return (
    <div className="mb-4">
      <ErrorNotice error={file.error} title="The download failed" retry={() => file.mutate(file.variables)} />
    </div>
  )
}
