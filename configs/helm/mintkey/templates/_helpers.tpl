{{- define "mintkey.name" -}}
{{- $name := default .Release.Name .Values.fullnameOverride -}}
{{- if contains "mintkey" $name }}{{ $name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-mintkey" $name | trunc 52 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "mintkey.selector" -}}
app.kubernetes.io/name: mintkey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "mintkey.labels" -}}
{{ include "mintkey.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "mintkey.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* Users without rights, who can change nothing. */}}
{{- define "mintkey.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "mintkey.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Nine tenths of a quantity of memory, in bytes. At the whole of it the kernel would end the process before Go collects garbage. */}}
{{- define "mintkey.memoryForGo" -}}
{{- $text := kindIs "string" . | ternary . (printf "%.0f" (float64 .)) -}}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- $bytes := dict "" 1.0 "k" 1e3 "M" 1e6 "G" 1e9 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 -}}
{{- if or (not $number) (not (hasKey $bytes $unit)) -}}
{{- fail (printf "resources.limits.memory is %q: write it as 768Mi, 1Gi, 800M or bytes" $text) -}}
{{- end -}}
{{- printf "%.0f" (mulf 0.9 (float64 $number) (get $bytes $unit)) -}}
{{- end }}

{{/* The settings: those of values.settings, and above them those that this chart knows of. */}}
{{- define "mintkey.settings" -}}
{{- $_ := required "set issuer: the URL at which clients reach the server" .Values.issuer -}}
{{- $_ := required "set secrets.name: the Secret with the URL of the store and the key-encryption key" .Values.secrets.name -}}
{{- $own := dict "listen" "0.0.0.0:8080" "ops_listen" "0.0.0.0:9464" "issuer" .Values.issuer "trusted_proxies" .Values.trustedProxies -}}
{{- $_ := set $own "tokens" (dict "audiences" .Values.audiences) -}}
{{- $files := dict -}}
{{- $keys := .Values.secrets.keys -}}
{{- if $keys.store }}{{ $_ := set $own "store_file" "/etc/mintkey/secrets/store" }}{{ end -}}
{{- if $keys.encryptionKey }}{{ $_ := set $own "signing_keys" (dict "encryption_key_file" "/etc/mintkey/secrets/encryptionKey") }}{{ end -}}
{{- if $keys.smtpUrl }}{{ $_ := set $own "smtp" (dict "url_file" "/etc/mintkey/secrets/smtpUrl") }}{{ end -}}
{{- if $keys.webhookSecret }}{{ $_ := set $own "webhook" (dict "secret_file" "/etc/mintkey/secrets/webhookSecret") }}{{ end -}}
{{- if $keys.oidcClientSecret }}{{ $_ := set $own "oidc" (dict "client_secret_file" "/etc/mintkey/secrets/oidcClientSecret") }}{{ end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.settings) $own) -}}
{{- end }}
