// Command chart lints the Helm chart, renders it with several sets of values, and decodes what comes out into the types of Kubernetes,
// strictly: a member that Kubernetes does not know is an error. It prints the settings of the server that the chart makes, for the script
// beside it.
// Resources of operators (ServiceMonitor, ExternalSecret) are held to well-formed YAML only: their types are not here.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"
)

// all turns everything on that is off by default.
const all = `
secrets: {keys: {smtpUrl: smtp-url, webhookSecret: webhook-secret, oidcClientSecret: oidc}}
settings:
  smtp: {from: mintkey@example.com}
  webhook: {url: https://hooks.example.com}
  oidc: {issuer: https://id.example.com, client_id: m}
externalSecret: {enabled: true, storeRef: {name: vault}}
ingress: {enabled: true, className: nginx, tlsSecret: cert, annotations: {a: b}}
trustedProxies: [10.0.0.0/8]
autoscaling: {enabled: true}
networkPolicy:
  clients: [{podSelector: {}}]
  egress: [{to: [{podSelector: {matchLabels: {app: valkey}}}], ports: [{port: 6379, protocol: TCP}]}]
serviceMonitor: {enabled: true, labels: {release: prometheus}}
keyRotation: [{name: billing, claimName: billing-key}, {name: other, claimName: other-key, every: 24h}]
image: {digest: "sha256:00"}
imagePullSecrets: [{name: registry}]
podAnnotations: {c: d}
nodeSelector: {e: f}
tolerations: [{operator: Exists}]
affinity: {podAntiAffinity: {}}
serviceAccount: {annotations: {g: h}}
`

const needed = "{issuer: https://id.example.com, secrets: {name: mintkey}}"

// foreign are kinds that operators bring.
var foreign = []string{"ServiceMonitor", "ExternalSecret"}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "chart: %v\n", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	loaded, err := loader.Load(folder)
	if err != nil {
		return err
	}
	if _, _, err := render(loaded, "{}"); err == nil || !strings.Contains(err.Error(), "set issuer") {
		return fmt.Errorf("without an issuer: %w", err)
	}
	var values map[string]any
	if err := yaml.Unmarshal([]byte(needed), &values); err != nil {
		return err
	}
	for _, message := range lint.AllWithKubeVersion(folder, values, "default", nil).Messages {
		if message.Severity > support.InfoSev {
			err = errors.Join(err, message)
		}
	}
	for limit, want := range map[string]string{"768Mi": "724775731", "1.5Gi": "1449551462", "800M": "720000000", "268435456": "241591910"} {
		if got, wrong := memoryForGo(loaded, limit); wrong != nil || got != want {
			err = errors.Join(err, fmt.Errorf("with resources.limits.memory %s GOMEMLIMIT is %q, want %s: %w", limit, got, want, wrong))
		}
	}
	if _, wrong := memoryForGo(loaded, "many"); wrong == nil || !strings.Contains(wrong.Error(), "write it as 768Mi") {
		err = errors.Join(err, fmt.Errorf("with resources.limits.memory many: %w", wrong))
	}
	for name, values := range map[string][]string{"as it is": {needed}, "all": {all, needed}} {
		settings, kinds, wrong := render(loaded, values...)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", name, wrong))
		}
		fmt.Fprintf(os.Stderr, "chart, %s: %s\n", name, strings.Join(kinds, ", "))
		if name == "all" {
			fmt.Print(settings)
		}
	}
	return err
}

// renderFiles returns what was made, by the file of the chart that it comes from.
func renderFiles(loaded *chart.Chart, texts ...string) (map[string]string, error) {
	values := map[string]any{}
	for _, text := range texts {
		var more map[string]any
		if err := yaml.Unmarshal([]byte(text), &more); err != nil {
			return nil, err
		}
		values = chartutil.CoalesceTables(more, values)
	}
	release := chartutil.ReleaseOptions{Name: "login", Namespace: "default", IsInstall: true}
	all, err := chartutil.ToRenderValues(loaded, values, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(loaded, all)
}

// memoryForGo is GOMEMLIMIT in a deployment with the limit of memory.
func memoryForGo(loaded *chart.Chart, limit string) (string, error) {
	files, err := renderFiles(loaded, "{resources: {limits: {memory: "+limit+"}}}", needed)
	if err != nil {
		return "", err
	}
	var deployment appsv1.Deployment
	err = yaml.Unmarshal([]byte(files["mintkey/templates/deployment.yaml"]), &deployment)
	for _, container := range deployment.Spec.Template.Spec.Containers {
		for _, variable := range container.Env {
			if variable.Name == "GOMEMLIMIT" {
				return variable.Value, err
			}
		}
	}
	return "", err
}

// render returns the settings of the server, and the kinds of what was made.
func render(loaded *chart.Chart, texts ...string) (settings string, kinds []string, err error) {
	files, err := renderFiles(loaded, texts...)
	if err != nil {
		return "", nil, err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return "", nil, err
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) != ".yaml" {
			continue
		}
		for document := range strings.SplitSeq("\n"+files[name], "\n---\n") {
			var head struct{ Kind string }
			if wrong := yaml.Unmarshal([]byte(document), &head); wrong != nil {
				err = errors.Join(err, fmt.Errorf("%s: %w\n%s", name, wrong, document))
			}
			if head.Kind == "" {
				continue
			}
			kinds = append(kinds, head.Kind)
			if slices.Contains(foreign, head.Kind) {
				continue
			}
			object, _, wrong := decoder.Decode([]byte(document), nil, nil)
			if wrong != nil {
				err = errors.Join(err, fmt.Errorf("%s: %w\n%s", name, wrong, document))
			}
			if made, ok := object.(*corev1.ConfigMap); ok {
				settings = made.Data["mintkey.yaml"]
			}
		}
	}
	return settings, kinds, err
}
