"""What a condition-monitoring engineer measures: spectra, envelopes, bearing lines, velocity, zones. NumPy only."""

from .bearing import DEFECTS, KNOWN_BEARINGS, BearingGeometry
from .envelope import analytic_band, band_pass, envelope, envelope_spectrum
from .features import TIME_FEATURES, time_features
from .fft_length import good_fft_length
from .iso20816 import FOUNDATIONS, ZONE_LIMITS_MM_S, ZONE_MEANING, ZONES, iso_zone, zone_limits_mm_s
from .kurtogram import KurtogramBand, choose_band, kurtogram
from .lines import TOLERANCE, ExpectedLine, FoundLine, bearing_lines, count_found, expected_lines, strongest_defect
from .spectrum import WINDOWS, amplitude_spectrum, noise_bandwidth_hz, window_values
from .units import ACCELERATION_UNITS, STANDARD_GRAVITY_M_S2, to_m_s2
from .velocity import ISO_BAND_HZ, velocity_mm_s, velocity_rms_mm_s

__all__ = [
    "ACCELERATION_UNITS",
    "DEFECTS",
    "FOUNDATIONS",
    "ISO_BAND_HZ",
    "KNOWN_BEARINGS",
    "STANDARD_GRAVITY_M_S2",
    "TIME_FEATURES",
    "TOLERANCE",
    "WINDOWS",
    "ZONES",
    "ZONE_LIMITS_MM_S",
    "ZONE_MEANING",
    "BearingGeometry",
    "ExpectedLine",
    "FoundLine",
    "KurtogramBand",
    "amplitude_spectrum",
    "analytic_band",
    "band_pass",
    "bearing_lines",
    "choose_band",
    "count_found",
    "envelope",
    "envelope_spectrum",
    "expected_lines",
    "good_fft_length",
    "iso_zone",
    "kurtogram",
    "noise_bandwidth_hz",
    "strongest_defect",
    "time_features",
    "to_m_s2",
    "velocity_mm_s",
    "velocity_rms_mm_s",
    "window_values",
    "zone_limits_mm_s",
]
