"""``drsn-edge denoise``: recordings or a stream in, cleaned ones out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drsn_keras.command_line import EXIT_FAILED, EXIT_OK, log
from drsn_keras.errors import DrsnError

from .bundle import Bundle, denoiser_signal, load_bundle
from .denoise_options import refuse_unit_options
from .denoise_output import OF_SIGNAL, OF_SOUND, is_sound, output_paths
from .denoise_report import result_line


def denoise(arguments: argparse.Namespace) -> int:
    """Handle the sub-command; a bad file is reported, the others are cleaned all the same."""
    if arguments.stdin:
        from .denoise_stream import check_streams

        check_streams()
    bundle = load_bundle(arguments.bundle, arguments.threads)
    sound = is_sound(denoiser_signal(bundle))
    if sound:
        refuse_unit_options(arguments)
    if arguments.stdin:
        from .denoise_stream import clean_stdin

        result = clean_stdin(bundle, arguments)
        # Standard output is taken by the samples.
        log(json.dumps(result) if arguments.json else result_line(result))
        return EXIT_OK
    from .denoise_files import clean_signal, clean_sound

    paths = output_paths(arguments.file, arguments.out, OF_SOUND if sound else OF_SIGNAL, arguments.overwrite)
    return _each(clean_sound if sound else clean_signal, bundle, paths, arguments)


def _each(
    clean: Callable[[Bundle, str, Path, argparse.Namespace], dict[str, Any]],
    bundle: Bundle,
    paths: list[Path],
    arguments: argparse.Namespace,
) -> int:
    code = EXIT_OK
    for name, path in zip(arguments.file, paths, strict=True):
        try:
            result = clean(bundle, name, path, arguments)
            print(json.dumps(result) if arguments.json else result_line(result), flush=True)
        except DrsnError as error:
            log(f"drsn-edge: {error}")
            code = EXIT_FAILED
        except BrokenPipeError:
            raise
        except OSError as error:
            log(f"drsn-edge: {error.filename or name}: {error.strerror or error}")
            code = EXIT_FAILED
    return code
