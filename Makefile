# make test is the one command: it installs what the tests need and this machine lacks, then runs everything.

GOLANGCI := go tool -modfile=tools/go.mod golangci-lint
OASDIFF  := go tool -modfile=tools/oasdiff/go.mod oasdiff
FUZZTIME ?= 10s
IMAGE    ?= mintkey
VERSION  ?= 0.0.0

.DEFAULT_GOAL := help
# Packages whose tests make quick leaves out: they take too long, or start the built program, servers or a browser. The second list
# is made by looking: every package whose tests start a redis-server, which store/redistest does for them.
SLOW := /e2e$$|/e2e/chaos$$|/store/storetest$$
NEEDS_REDIS = $(shell go list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./... | grep '/store/redistest\>' | cut -d ' ' -f 1)

.PHONY: help quick test test-all install build vet lint contract audit fmt unit e2e promises chaos bench benchmarks bench-check fuzz screenshots image packages chart \
  test-container

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# One after the other also under make -j: they share two cores well enough, and their output stays readable.
# No version stamp here: it would need a .git that belongs to this user, and nothing that is tested reads it.
test: export GOFLAGS += -buildvcs=false
test: ## install what is missing, then build, lint (which vets too) and run every test
	@$(MAKE) --no-print-directory install
	go build ./...
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory contract
	@$(MAKE) --no-print-directory audit
	@$(MAKE) --no-print-directory unit
	go run ./bench check --allocations-only
	@$(MAKE) --no-print-directory e2e
	go test -count=1 -timeout 60m -parallel 2 ./e2e/chaos

test-all: test ## make test, and what takes minutes or a quiet machine: floods, random changes, every fault, every page at scale
	go test -race -count=1 -timeout 60m ./e2e
	@$(MAKE) --no-print-directory promises chaos
	go test -count=1 -timeout 60m ./e2e -run '^TestStrangersLeaveNoTrace$$' -v -flood 300000
	go test -count=1 -timeout 30m ./e2e -run '^TestRollingRestart$$' -v -rolling 2000
	go test -count=1 -timeout 60m ./e2e -run '^TestRotationsUnderLoad$$' -v -rotations 1000
	go test -count=1 -timeout 30m ./e2e -run '^TestNoTokenAfterARevocation$$' -v -revocations 1000
	go test -count=1 -timeout 60m ./server -run '^TestModel$$' -v -model-steps 5000
	go test -count=1 -timeout 30m ./server/console -run '^TestAccessibility$$' -forced-colours
	go test -count=1 -timeout 60m ./server/console -run '^TestEveryPageAsEveryRole$$' -v -keys 100000
	@$(MAKE) --no-print-directory packages chart

quick: export GOFLAGS += -buildvcs=false
quick: ## build, vet, and the tests that need nothing but Go and openssl: seconds, once the caches are warm
	go build ./...
	@$(MAKE) --no-print-directory vet
	@skipped=' $(NEEDS_REDIS) '; run=; \
	for package in $$(go list ./... | grep -vE '$(SLOW)'); do \
	  case $$skipped in *" $$package "*) ;; *) run="$$run $$package" ;; esac; \
	done; \
	go test $$run || exit 1; \
	echo "not run: lint, and the tests of packages that are slow or need redis-server or a browser; make test runs everything:"; \
	echo '$(NEEDS_REDIS)' $$(go list ./... | grep -E '$(SLOW)') | tr ' ' '\n' | sort -u | sed 's/^/  /'

install: ## install what the tests need
	@tools/install

build: ## bin/mintkey
	go build -o bin/ ./cmd/mintkey

vet:
	go vet ./...

lint: ## golangci-lint, with the rules of .golangci.yml
	$(GOLANGCI) run ./...
	tools/lint-test

# A value that is new in an answer breaks nobody: the description says that codes are added.
contract: ## fail if openapi.json breaks what clients of the last release rely on
	$(OASDIFF) breaking --fail-on ERR --severity-levels server/adminapi/testdata/openapi-levels.txt \
	  server/adminapi/testdata/openapi-released.json server/adminapi/openapi.json

audit: ## SBOM (dist/sbom.json), licences, and known vulnerabilities where their database can be reached
	tools/audit/run

fmt: ## gofumpt and gci
	$(GOLANGCI) fmt ./...

# The first packages take longest and wait most, so they begin first, and with -p 3 others use the processors meanwhile.
unit: ## every test but the end-to-end ones, with the race detector
	go test -race -p 3 -timeout 60m ./store/redisstore ./server/console $$(go list ./... | grep -vE '/e2e(/chaos)?$$')

# Without the race detector: the unit tests, with it, run the server, the stores and the commands; make test-all runs it here too.
e2e: ## the program as it is built, with real stores and real OAuth clients
	go test -count=1 -timeout 30m ./e2e

promises: ## hold what is promised to last no longer than a second or two, on a quiet machine
	go test -count=1 -timeout 60m ./store/redisstore -parallel 1 -promises
	go test -count=1 -timeout 30m ./server -run 'WhileRedisIsAway$$' -parallel 1 -promises

chaos: ## break everything under load, and write the table to dist/chaos.md: half an hour
	@mkdir -p dist
	go test -count=1 -timeout 2h ./e2e/chaos -v -full -table=$(CURDIR)/dist/chaos.md

bench: ## measure tokens against the yardstick, and write the tables of docs/performance.md: minutes, needs wrk
	go run ./bench report

benchmarks: ## every Go benchmark
	go test -run '^$$' -bench . -benchmem ./...

bench-check: ## fail if a token became over 10 % dearer than bench/expected.json says; make test does the part that is stable
	go run ./bench check

fuzz: ## each fuzz target for FUZZTIME (10s)
	@for package in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
	  done; \
	done

screenshots: ## every page of the console to dist/screenshots: desktop and phone, light and dark
	go test ./server/console -count=1 -run '^TestScreenshots$$' -screenshots=$(CURDIR)/dist/screenshots

image: ## the container image
	docker build -t $(IMAGE) --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD) $(IMAGE_FLAGS) .

packages: ## deb, rpm, SBOM and checksums in dist/packages, and a look at what is in them; VERSION=1.2.3
	tools/packages/run $(VERSION)

chart: ## lint the Helm chart, and hold what it makes to the types of Kubernetes
	tools/chart/run

# Tests that fill a disk mount a small one, which takes the right and, under AppArmor, no profile against it.
test-container: ## make test in a container, for machines that are not Debian; needs Docker only
	docker build -t mintkey-test tools/container
	docker run --rm --shm-size=1g --cap-add SYS_ADMIN --security-opt apparmor=unconfined \
	  -v $(CURDIR):/src -v mintkey-test-go:/go -v mintkey-test-cache:/root/.cache mintkey-test
