"""One invented secret of each shape; none of them ever opened anything. They are put together here so that no scanner takes them for real."""

from __future__ import annotations

_A = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d"
_HEX = "0123456789abcdef0123456789abcdef01234567"
_UUID = "01234567-89ab-cdef-0123-456789abcdef"
_JSON = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

SECRETS: dict[str, str] = {
    "hugging face": "hf_" + _A[:34],
    "openai": "sk-" + _A,
    "openai project": "sk-proj-" + _A[:20] + "_" + _A[20:],
    "anthropic": "sk-ant-api03-" + _A + "-AA",
    "openrouter": "sk-or-v1-" + _HEX,
    "groq": "gsk_" + _A,
    "google": "AIza" + "Sy" + _A[:33],
    "google login": "ya29." + "a0" + _A,
    "github": "ghp_" + _A[:36],
    "github fine": "github_pat_" + _A[:22] + "_" + _A,
    "gitlab": "glpat-" + _A[:20],
    "aws": "AKIA" + "ABCDEFGH23456789",
    "aws secret": "aws_secret_access_key = " + _A,
    "azure storage": "AccountKey=" + _A + _A + "ABCDEF==",
    "azure link": "https://x.blob.core.windows.net/a?sv=2024&sig=" + _A,
    "modelscope": "ms-" + _UUID,
    "modelscope by name": "ms_hub_token: " + _UUID,
    "weights and biases": "WANDB_API_KEY: " + _HEX,
    "swanlab": "swanlab_api_key: " + _A[:21],
    "lark": "https://open.feishu.cn/open-apis/bot/v2/hook/" + _UUID,
    "lark abroad": "https://open.larksuite.com/open-apis/bot/v2/hook/" + _UUID,
    "slack webhook": "https://hooks.slack.com/services/" + "T0AAAAAAA/B0BBBBBBB/" + _A[:24],
    "slack": "xoxb-" + "123456789012-123456789012-" + _A[:24],
    "discord webhook": "https://discord.com/api/webhooks/123456789012345678/" + _A,
    "teams": "https://some.webhook.office.com/webhookb2/" + _UUID,
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=" + _HEX,
    "basic auth": "http://user:pw@proxy:3128",
    "address with a token": "https://" + _A[:20] + "@host/v1",
    "private key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "private key of rsa": "-----BEGIN " + "PRIVATE KEY-----",
    "jwt": _JSON + "." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0" + "." + _A,
    "bearer": "Authorization: Bearer " + _A,
    "basic": "Authorization: Basic " + "dXNlcjpwYXNzd29yZDEyMzQ=",
}
