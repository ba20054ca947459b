"""The locales that a workspace may write its dates in. Django ships the formats of each."""

DEFAULT = "en-gb"
LOCALES = (
    ("en-gb", "English (United Kingdom)"),
    ("en", "English (United States)"),
    ("en-au", "English (Australia)"),
    ("en-ca", "English (Canada)"),
    ("en-ie", "English (Ireland)"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("nl", "Dutch"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("fr-ca", "French (Canada)"),
    ("fr-ch", "French (Switzerland)"),
    ("de", "German"),
    ("de-ch", "German (Switzerland)"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("nb", "Norwegian"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("pt-br", "Portuguese (Brazil)"),
    ("es", "Spanish"),
    ("es-mx", "Spanish (Mexico)"),
    ("sv", "Swedish"),
)
