# Two commands: `make demo` and `make test`. Each sets up all it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
DEMO := runs/demo
VIBRATION_DEMO := runs/demo-vibration
WORDS := yes,no,up,down,left,right

.PHONY: help setup demo demo-vibration demo-gateway test lint check-page docs format wheel bench-export bench-firmware \
	bench-keywords bench-vibration-paper bench-vibration-cwru bench-denoise-audio bench-denoise-ecg bench-denoise-images \
	bench-denoise-keywords bench-denoise-norms bench-denoise-optimizers bench-denoise-spikes bench-fleet bench-gateway bench-images \
	study-keywords study-keywords-quick study-streams search-shrinkage search-variants bench-edge bench-listen bench-precision bench-prepare bench-study bench-training check-arm64 soak fuzz clean
help:
	@echo "make demo            train, quantise, check, measure and listen with a keyword spotter (synthetic speech)"
	@echo "make demo-vibration  train fault diagnosis on simulated machines, quantise, check, measure, monitor a recording"
	@echo "make demo-gateway    broker, machines that wear, the gateway and its page; SECONDS=180 ends by itself"
	@echo "make test            all tests"
	@echo "make lint            style and layout checks"
	@echo "make check-page      the gateway's page in Chromium: a machine wears from zone A to D; screenshots in build/page"
	@echo "make soak            gateway and Mosquitto killed, disk filled: nothing lost, nothing doubled (three minutes)"
	@echo "make fuzz            what strangers may send to a gateway: frames, payloads, requests, a minute each (SECONDS=60)"
	@echo "make docs            write docs/cli.md from the commands' help"
	@echo "make wheel           build the wheel and check its contents"
	@echo "make bench-export    what lowering and each quantisation cost and keep: latency, loss, size (same recordings)"
	@echo "make bench-firmware  generated C on emulated microcontrollers beside TFLite-Micro: instructions, memory, flash (same recordings)"
	@echo "make bench-keywords  real speech in real noise: accuracy of the int8 bundle (needs ../shared/data or DRSN_DATA)"
	@echo "make bench-vibration-paper  the paper's experiment on simulated machines: five networks, three noises, three SNRs"
	@echo "make bench-vibration-cwru   CWRU without a leak: networks and classical rows by load and fault size (same recordings)"
	@echo "make bench-denoise-audio    a streaming denoiser on people and noises never heard: SI-SDR, int8, real time (same recordings)"
	@echo "make bench-denoise-spikes   the slides' table of spikes in noise: filters, the prior-guided net, our shrinkage net, the bound"
	@echo "make bench-denoise-images   DnCNN trained on pictures that may be had, on Set12 at sigma 25; SGD and Adam (same recordings)"
	@echo "make bench-denoise-optimizers   SGD and Adam, with and without batch normalisation and residual learning: curves"
	@echo "make bench-denoise-norms    the slides' study of normalisation in the prior-guided net, and shrinkage in its place"
	@echo "make bench-denoise-ecg      an electrocardiogram under a wandering baseline and muscles (same recordings)"
	@echo "make bench-denoise-keywords  does a denoiser in front of a keyword spotter help? (same recordings)"
	@echo "make bench-fleet            one gateway, 50 machines at 12 kHz: CPU, memory, headroom, bytes a record (MINUTES=60)"
	@echo "make bench-gateway          what a record costs the gateway, part by part, and machines a core watches"
	@echo "make bench-training         clips a second of the whole training step, the bare step, and tf.data with librosa"
	@echo "make bench-images           pictures with distractors: 2-D DRSN beside its twins, and what thresholds remove"
	@echo "make bench-edge             the edge wheel installed alone: size, time to import, processor time and memory of listening"
	@echo "make bench-listen           two hours of stream through listen --stdin: words found, drift of time stamps, memory (a minute)"
	@echo "make bench-precision        the training step in 32 and in mixed 16 bits, plain and compiled"
	@echo "make bench-prepare          a corpus larger than memory: prepared, trained on, streamed; memory of every process (GB=20)"
	@echo "make bench-study            a small study one training at a time, two at a time, and on a local Ray cluster"
	@echo "make check-arm64            the edge wheel on an emulated Cortex-A72 hears what it hears here (debootstrap, qemu-user)"
	@echo "make study-keywords         our spotters, their twins and published networks in noise, five seeds: hours (same recordings)"
	@echo "make study-keywords-quick   the leading rows of it, short trainings: under a quarter of an hour"
	@echo "make study-streams          what helps a spotter on long streams: misses at half a false accept an hour (same recordings)"
	@echo "make search-variants        ways to shrink, side by side on the same noisy batches: an hour a seed (same recordings)"
	@echo "make search-shrinkage       where a threshold helps a keyword spotter: many small networks in JAX (hours on a GPU; same recordings)"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "drsn-keras needs Python 3.10 or newer; name one with make PYTHON=python3.11"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || \
		{ rm -rf $(VENV); echo "python3-venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "setting up $(VENV): about 3 GB and a few minutes the first time"
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt \
		--editable ".[train,export,edge,gateway,cluster,synthesis]" --group test --group lint --group package
	@touch $@

demo: setup
	$(BIN)/drsn-train keywords --synthesize "$(WORDS)" --epochs 40 --out $(DEMO) --overwrite
	$(BIN)/drsn-export convert $(DEMO) --scheme int8
	$(BIN)/drsn-export verify $(DEMO)/bundles/int8
	$(BIN)/drsn-train evaluate $(DEMO) --noises white,pink,babble,roadside,factory --snrs 20,10,5,0,-5,-10 > $(DEMO)/evaluation.txt
	@echo; echo "A fresh recording, in voices that training never heard, on a road:"
	$(BIN)/drsn-train speak "yes,hello,left,no,down" --noise roadside --snr 10 --seed 1 --out $(DEMO)/fresh.wav
	$(BIN)/drsn-edge listen $(DEMO)/bundles/int8 --wav $(DEMO)/fresh.wav
	@echo; echo "All of this is about synthetic speech. Open $(DEMO)/report.html"

demo-vibration: setup
	$(BIN)/drsn-train vibration --machines 4 --input spectrum,envelope_spectrum --hop 2048 --epochs 25 \
		--out $(VIBRATION_DEMO) --overwrite
	$(BIN)/drsn-export convert $(VIBRATION_DEMO) --scheme int8
	$(BIN)/drsn-export verify $(VIBRATION_DEMO)/bundles/int8
	$(BIN)/drsn-train evaluate $(VIBRATION_DEMO) --snrs 10,5,0,-5,-10 > $(VIBRATION_DEMO)/evaluation.txt
	@echo; echo "A machine that was never trained on, its outer race damaged:"
	$(BIN)/drsn-train machine --state bearing-outer-race --noise pink --snr 10 --out $(VIBRATION_DEMO)/fresh.npz
	$(BIN)/drsn-edge monitor $(VIBRATION_DEMO)/bundles/int8 --file $(VIBRATION_DEMO)/fresh.npz --summary-only \
		--bearing 6205-2RS --iso-group 2 --foundation rigid
	@echo; echo "All of this is about simulated machines. Open $(VIBRATION_DEMO)/report.html"

demo-gateway: setup
	@test -x "$$(command -v mosquitto || echo /usr/sbin/mosquitto)" || \
		$(BIN)/python -m pip install --quiet --constraint constraints.txt --group demo
	@$(BIN)/python scripts/demo_gateway.py $(if $(SECONDS),--seconds $(SECONDS))

# The tests of the export, most of which compile C, and two other folders' worth of work keep one core busy, all others
# the second: side by side they take little more than half of the time.
FIRST_TESTS := tests/export tests/benchmarks tests/training/test_distributed.py
test: setup
	@mkdir -p build
	@$(BIN)/python -m pytest $(FIRST_TESTS) > build/test-export.log 2>&1 & export=$$!; \
	trap 'kill $$export' INT TERM; \
	$(BIN)/python -m pytest $(addprefix --ignore ,$(FIRST_TESTS)); others=$$?; \
	wait $$export; export=$$?; cat build/test-export.log; \
	exit $$((others > export ? others : export))

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-page: setup
	@$(BIN)/python scripts/check_page.py

fuzz: setup
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --group fuzz
	$(BIN)/python scripts/fuzz_gateway.py $(if $(SECONDS),--seconds $(SECONDS))

soak: setup
	$(BIN)/python benchmarks/gateway_soak.py

docs: setup
	$(BIN)/python scripts/cli_reference.py

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: setup
	rm -rf build/wheel && $(BIN)/python -m build --wheel --outdir build/wheel .
	$(BIN)/check-wheel-contents build/wheel/*.whl

bench-export: setup
	$(BIN)/python benchmarks/export.py

bench-firmware: setup
	$(BIN)/python benchmarks/firmware.py

bench-keywords: setup
	$(BIN)/python benchmarks/keywords.py

bench-vibration-paper: setup
	$(BIN)/python benchmarks/vibration_paper.py

bench-vibration-cwru: setup
	$(BIN)/python benchmarks/vibration_cwru.py

bench-denoise-audio: setup
	$(BIN)/python benchmarks/denoise_audio.py

bench-denoise-spikes: setup
	$(BIN)/python benchmarks/denoise_spikes.py

bench-denoise-images: bench-denoise-optimizers
	$(BIN)/python benchmarks/denoise_images.py

bench-denoise-optimizers: setup
	$(BIN)/python benchmarks/denoise_optimizers.py

bench-denoise-norms: setup
	$(BIN)/python benchmarks/denoise_norms.py

bench-denoise-ecg: setup
	$(BIN)/python benchmarks/denoise_ecg.py

bench-denoise-keywords: setup
	$(BIN)/python benchmarks/denoise_keywords.py

bench-fleet: setup
	$(BIN)/python benchmarks/gateway_fleet.py $(if $(MINUTES),--minutes $(MINUTES))

bench-gateway: setup
	$(BIN)/python benchmarks/gateway.py

bench-training: setup
	$(BIN)/python benchmarks/training.py

bench-images: setup
	$(BIN)/python benchmarks/images.py

bench-edge: setup
	$(BIN)/python benchmarks/edge.py

bench-listen: setup
	$(BIN)/python benchmarks/listen_hours.py $(if $(BUNDLE),--bundle $(BUNDLE)) $(if $(HOURS),--hours $(HOURS))

bench-precision: setup
	$(BIN)/python benchmarks/precision.py

bench-study: setup
	$(BIN)/python benchmarks/study_workers.py

bench-prepare: setup
	$(BIN)/python benchmarks/prepare.py $(if $(GB),--gb $(GB))

check-arm64: setup
	$(BIN)/python benchmarks/arm64.py

study-keywords: setup
	$(BIN)/python benchmarks/study_keywords.py

study-streams: setup
	$(BIN)/python benchmarks/study_streams.py

study-keywords-quick: setup
	$(BIN)/python benchmarks/study_keywords.py --quick

search-variants: setup
	$(BIN)/python benchmarks/keyword_variants

search-shrinkage: setup
	$(BIN)/python benchmarks/shrinkage_search

clean:
	rm -rf build runs .pytest_cache .ruff_cache .hypothesis
