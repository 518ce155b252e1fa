{{- define "latchkey.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "latchkey.selector" -}}
app.kubernetes.io/name: latchkey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "latchkey.labels" -}}
{{ include "latchkey.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "latchkey.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* What servers and the migration have in common: who runs, and with what. */}}
{{- define "latchkey.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: data
    {{- if eq .Values.database.kind "sqlite" }}
    persistentVolumeClaim:
      claimName: {{ include "latchkey.name" . }}
    {{- else }}
    emptyDir: {}
    {{- end }}
  {{- if .Values.secrets.name }}
  - name: secrets
    secret:
      secretName: {{ .Values.secrets.name }}
      defaultMode: 0440
  {{- end }}
{{- end -}}

{{- define "latchkey.container" -}}
image: {{ include "latchkey.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop:
      - ALL
resources: {{- toYaml .Values.resources | nindent 2 }}
env:
  - name: LATCHKEY_HOST
    value: 0.0.0.0
  - name: LATCHKEY_ROOT_KEY
    value: none
  {{- if eq .Values.database.kind "sqlite" }}
  - name: LATCHKEY_DATABASE_URL
    value: sqlite:/data/latchkey.db
  {{- else }}
  - name: LATCHKEY_DATABASE_URL_FILE
    value: /run/secrets/latchkey/database-url
  {{- end }}
  {{- if .Values.secrets.name }}
  {{- if .Values.secrets.sealingKeys }}
  - name: LATCHKEY_SEALING_KEYS_FILE
    value: /run/secrets/latchkey/sealing-keys
  {{- end }}
  {{- if .Values.secrets.rootKey }}
  - name: LATCHKEY_ROOT_KEY_FILE
    value: /run/secrets/latchkey/root-key
  {{- end }}
  {{- if .Values.secrets.peppers }}
  - name: LATCHKEY_PEPPERS_FILE
    value: /run/secrets/latchkey/peppers
  {{- end }}
  {{- end }}
  {{- range $name, $value := .Values.settings }}
  - name: {{ $name }}
    {{- /* Numbers of a file are floating ones, which would be written as 1e+09. */}}
    value: {{ kindIs "string" $value | ternary $value (int64 $value) | quote }}
  {{- end }}
volumeMounts:
  - name: data
    mountPath: /data
  {{- if .Values.secrets.name }}
  - name: secrets
    mountPath: /run/secrets/latchkey
    readOnly: true
  {{- end }}
{{- end -}}

{{- define "latchkey.backend" -}}
service:
  name: {{ include "latchkey.name" . }}
  port:
    name: http
{{- end -}}
