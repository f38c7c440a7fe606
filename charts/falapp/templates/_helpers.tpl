{{- /* Every name and label of the chart's objects. */ -}}

{{- /* The operator's objects: the release's name, with the chart's unless it holds it already. */ -}}
{{- define "falapp.operator" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- printf "%s-operator" (.Release.Name | trunc 54) -}}
{{- else -}}
{{- printf "%s-%s-operator" (.Release.Name | trunc 47) .Chart.Name -}}
{{- end -}}
{{- end -}}

{{- /* What selects the operator's pod; it must never change. */ -}}
{{- define "falapp.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "falapp.labels" -}}
{{ include "falapp.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* Where the bundle of customCA.configMap is mounted; the key is always ca.crt there. */ -}}
{{- define "falapp.ca" -}}
/etc/falapp/ca
{{- end -}}

{{- /* Where registry.pullSecret is mounted; the file is always config.json there. */ -}}
{{- define "falapp.registry" -}}
/etc/falapp/registry
{{- end -}}

{{- /* What cleans the registry: its account, roles, CronJob, and the ConfigMap that it remembers in.
       A CronJob's name has 52 characters at most. */ -}}
{{- define "falapp.retention" -}}
{{- printf "%s-retention" (include "falapp.operator" . | trunc 42 | trimSuffix "-") -}}
{{- end -}}

{{- define "falapp.retentionLabels" -}}
{{ include "falapp.labels" . | replace "component: operator" "component: retention" }}
{{- end -}}

{{- /* What the roles of users begin with; nothing of the chart is bound to them. */ -}}
{{- define "falapp.users" -}}
{{- include "falapp.operator" . | trimSuffix "-operator" -}}
{{- end -}}

{{- define "falapp.usersLabels" -}}
{{ include "falapp.labels" . | replace "component: operator" "component: users" }}
{{- end -}}

{{- /* What the schema cannot say, and the operator would end with when it starts. */ -}}
{{- define "falapp.refusals" -}}
{{- $pythons := list -}}
{{- range $version, $images := .Values.images.pythons -}}
{{- if $images -}}{{- $pythons = append $pythons $version -}}{{- end -}}
{{- end -}}
{{- if not (has .Values.defaultPython $pythons) -}}
{{- fail (printf "defaultPython: is %s, and images.pythons has only %s; add its images, or choose one of these" .Values.defaultPython (join ", " $pythons)) -}}
{{- end -}}
{{- $seen := dict -}}
{{- range $name, $spec := .Values.machineTypes -}}
{{- if $spec -}}
{{- with get $seen (lower $name) -}}
{{- fail (printf "machineTypes: %s and %s differ in nothing but case, and the object of both is called %s; set one to null" . $name (lower $name)) -}}
{{- end -}}
{{- $_ := set $seen (lower $name) $name -}}
{{- end -}}
{{- end -}}
{{- $expiry := .Values.runners.files.linkExpiry -}}
{{- $seconds := 0 -}}
{{- range $unit, $length := dict "h" 3600 "m" 60 "s" 1 -}}
{{- $number := regexFind (printf "[0-9]+%s" $unit) $expiry | trimSuffix $unit | int -}}
{{- $seconds = add $seconds (mul $number $length) -}}
{{- end -}}
{{- if gt $seconds 604800 -}}
{{- fail (printf "runners.files.linkExpiry: is %s, and no store signs for more than 168h; give less" $expiry) -}}
{{- end -}}
{{- end -}}

{{- /* The roles to read Secrets of apps, and what they are bound to. */ -}}
{{- define "falapp.secrets" -}}
{{ include "falapp.operator" . }}-secrets
{{- end -}}
